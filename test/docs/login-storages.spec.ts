import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { Pool } from 'pg';
import type { LoginStorage } from 'nestjs-oauth-client/stores';
import { loginStorageContract } from 'nestjs-oauth-client/testing';
import { clientOf } from '../providers/client-of.js';
import { answerLogins, startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser } from '../support/browser.js';
import { describeWithPostgres } from '../support/engines.js';
import type { SiteApp } from '../support/openid-site.js';
import { startStateApp } from '../support/state-app.js';
import { compileDocs, type CompiledDocs } from './compile.js';
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
  let app: SiteApp | undefined;

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
    app = await startStateApp({ state: await makeStorage(), clients: { dev } });
    const browser = new Browser();
    const { headers } = await browser.get(`${app.url}/auth/dev/login`, { follow: false });
    const state = new URL(headers.get('location') ?? '').searchParams.get('state') ?? '';
    const callback = `${app.url}/auth/dev/callback?code=c&state=${state}`;
    expect((await browser.get(callback)).json()).toMatchObject({ token: { accessToken: 'a' } });
    expect((await browser.get(callback)).text).toContain('already finished');
  });
});

describeWithPostgres("the documentation's login storage for PostgreSQL", () => {
  let pool: Pool;

  beforeAll(async () => {
    pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
    await pool.query(
      'CREATE TABLE IF NOT EXISTS oauth_logins (id text PRIMARY KEY, value text NOT NULL, expires_at timestamptz NOT NULL)',
    );
  });

  afterAll(async () => {
    await pool.query('DROP TABLE oauth_logins');
    await pool.end();
  });

  for (const { name, run } of loginStorageContract(() => storageOf('postgres', 'PostgresLoginStorage', pool))) {
    it(name, run);
  }
});
