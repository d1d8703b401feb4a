import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { snakeCase } from '../../lib/config/setting-keys.js';
import { SCHEMAS } from '../../lib/config/settings-schema.js';
import { startOidcProvider, type OidcProvider } from '../providers/oidc-provider.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser } from '../support/browser.js';
import { allow } from '../support/sign-in.js';
import { compileDocs, type CompiledDocs } from './compile.js';
import { documentationPages } from './snippets.js';

const pages = documentationPages();

describe('the documentation', () => {
  let compiled: CompiledDocs;

  beforeAll(() => {
    compiled = compileDocs(pages);
  }, 60_000);

  it('has snippets that compile, every one', () => {
    expect(compiled.errors).toEqual([]);
  });

  it.each(pages.map(({ path, text }) => [path, text]))('%s links to what exists', (path, text) => {
    const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, link = '']) => link);
    const missing = links.filter((link) => !/^https?:/.test(link) && !existsSync(join(dirname(path), link)));
    expect(missing).toEqual([]);
  });

  it('names every key of the settings', () => {
    const { text } = pages.find(({ path }) => path === 'docs/configuration.md')!;
    const keys = Object.values(SCHEMAS).flatMap(({ keys, kwargs }) => [...keys, ...kwargs]);
    expect(keys.filter((key) => !text.includes(`| \`${snakeCase(key)}\` `))).toEqual([]);
  });

  it('promises in the README the two lines that package.json and the CI keep', () => {
    const { text } = pages.find(({ path }) => path === 'README.md')!;
    expect(text).toContain('npm ci && npm start');
    expect(text).toContain('npm ci && npm test');
  });

  describe('in its quick start', () => {
    let provider: OidcProvider;
    let api: ScriptedProvider;
    let app: ChildProcess;

    beforeAll(async () => {
      api = await startScriptedProvider();
      provider = await startOidcProvider({
        clients: [
          {
            client_id: 'quick',
            client_secret: 'start',
            application_type: 'native',
            redirect_uris: ['http://127.0.0.1/auth/github/callback'],
          },
        ],
      });
    });

    afterAll(async () => {
      app.kill();
      await provider.close();
      await api.close();
    });

    it('signs a user in and calls the API', async () => {
      api.on('GET /user', ({ headers }) => ({
        json: { login: headers.authorization?.startsWith('Bearer ') ? 'ada' : '' },
      }));
      const url = await startQuickStart();
      const browser = new Browser();
      const page = await allow(browser, await browser.get(`${url}/auth/github/login`));
      expect(page.text).toBe('Hello, ada');
    }, 30_000);

    /** Runs the compiled `src/main.ts`, as a user would, with the settings in the environment. */
    async function startQuickStart(): Promise<string> {
      const url = `http://127.0.0.1:${await freePort()}`;
      const settings = {
        github: {
          client_id: 'quick',
          client_secret: 'start',
          authorize_url: `${provider.url}/auth`,
          access_token_url: `${provider.url}/token`,
          api_base_url: `${api.url}/`,
          client_kwargs: { scope: 'profile' },
        },
      };
      const env = { ...process.env, PORT: new URL(url).port, AUTHLIB_OAUTH_CLIENTS: JSON.stringify(settings) };
      app = spawn(process.execPath, [compiled.fileOf('README.md', 'src/main.ts')], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const output: string[] = [];
      for (const stream of [app.stdout, app.stderr])
        stream?.on('data', (chunk: Buffer) => output.push(chunk.toString()));
      for (let attempt = 0; attempt < 100; attempt++) {
        if (await fetch(url).catch(() => undefined)) return url;
        await setTimeout(100);
      }
      throw new Error(`the quick start does not answer:\n${output.join('')}`);
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
