import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import type { LoginStorage } from 'nestjs-oauth-client/stores';
import { loginStorageContract } from 'nestjs-oauth-client/testing';
import { clientOf } from '../providers/client-of.js';
import { answerLogins, startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { describeWithPostgres, usePostgres } from '../support/engines.js';
import { compileDocs, type CompiledDocs } from './compile.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';
import { documentationPages } from './snippets.js';

type StorageClass = new (backend: unknown) => LoginStorage;

let docs: CompiledDocs;

beforeAll(() => {
  const pages = documentationPages().filter(({ path }) => ['docs/state.md', 'docs/extending.md'].includes(path));
  docs = compileDocs(pages, 'build/docs-storages');
}, 120_000);

async function storageOf(file: string, name: string, backend: unknown): Promise<LoginStorage> {
  const exported = (await import(docs.compiledFile(`login-storages/${file}.ts`))) as Record<string, StorageClass>;
  return new exported[name]!(backend);
}

describe.each<[string, () => Promise<LoginStorage>]>([
  ['Keyv', () => storageOf('keyv', 'KeyvLoginStorage', new Keyv())],
  ['cache-manager', () => storageOf('cache-manager', 'CacheLoginStorage', createCache())],
  [
    'cache-manager with two stores',
    () => storageOf('cache-manager', 'CacheLoginStorage', createCache({ stores: [new Keyv(), new Keyv()] })),
  ],
])("the documentation's login storage for %s", (_, makeStorage) => {
  let provider: ScriptedProvider;
  let app: TestApp | undefined;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    answerLogins(provider);
  });

  afterEach(async () => {
    await app?.close();
    await provider.close();
    app = undefined;
  });

  for (const { name, run } of loginStorageContract(makeStorage)) it(name, run);

  it('signs a user in once', async () => {
    const dev = clientOf(provider);
    app = await testApp({ state: await makeStorage(), clients: { dev } });
    const visitor = new Visitor(() => app);
    const { state } = await visitor.login();
    expect((await visitor.callback({ code: 'c', state })).json()).toMatchObject({ token: { accessToken: 'a' } });
    expect((await visitor.callback({ code: 'c', state })).text).toContain('already finished');
  });
});

describeWithPostgres("the documentation's login storage for PostgreSQL", () => {
  const { pool } = usePostgres();

  beforeAll(() =>
    pool.query('CREATE TABLE oauth_logins (id text PRIMARY KEY, value text NOT NULL, expires_at timestamptz NOT NULL)'),
  );

  for (const { name, run } of loginStorageContract(() => storageOf('postgres', 'PostgresLoginStorage', pool))) {
    it(name, run);
  }
});
