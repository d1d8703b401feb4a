import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { OAuthErrorCode, type OAuthConfigError } from 'nestjs-oauth-client';
import { SCHEMAS } from '../../lib/config/settings-schema.js';
import { snakeCase } from '../../lib/config/snake-case.js';
import { registryWith } from '../config/registry-with.js';
import { startOidcProvider, type OidcProvider } from '../providers/oidc-provider.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser } from '../support/browser.js';
import { freePort } from '../support/free-port.js';
import { compileDocs, type CompiledDocs } from './compile.js';
import { brokenLinks } from './links.js';
import { longCells } from './tables.js';
import { documentationPages, envOf, type DocPage } from './snippets.js';

const pages = documentationPages();

describe('the documentation', () => {
  let compiled: CompiledDocs;

  beforeAll(() => {
    compiled = compileDocs(pages);
  }, 60_000);

  it.each(pages)('$path has no broken links', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it.each(pages)('$path has no table cells of 80 characters or more', (page) => {
    expect(longCells(page)).toEqual([]);
  });

  it('has a heading for every error code of this library, and for no other code', () => {
    const headings = pageAt('docs/errors.md').text.match(/^### .*/gm) ?? [];
    const codes = headings.flatMap((heading) => [...heading.matchAll(/`(\w+)`/g)].map(([, code]) => code));
    expect(codes.sort()).toEqual(Object.values(OAuthErrorCode).sort());
  });

  it('mentions every key of the settings', () => {
    const keys = Object.values(SCHEMAS).flatMap(({ keys, kwargs }) => [...keys, ...kwargs]);
    const { text } = pageAt('docs/configuration.md');
    expect(keys.filter((key) => !text.includes(`| \`${snakeCase(key)}\` `))).toEqual([]);
  });

  it('shows the error messages of start-up as they are', async () => {
    const url = 'https://provider.test/';
    const twitter = { client_id: 'id', request_token_url: url, authorize_url: url, acess_token_url: url };
    const google = { client_id: 'id', issuer: url, code_challenge_method: 'plain' };
    const error = await registryWith({ settings: { AUTHLIB_OAUTH_CLIENTS: { twitter, google } } }).then(
      () => undefined,
      (reason: unknown) => reason as OAuthConfigError,
    );
    const [, shown] = /^```\n(OAuthConfigError: .*?)\n```$/ms.exec(pageAt('docs/configuration.md').text) ?? [];
    expect(withoutTrailingSpace(String(error))).toBe(shown);
  });

  it('mentions two commands in the README that package.json contains', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const promised = [...pageAt('README.md').text.matchAll(/^npm ci && npm (\w+)/gm)].map(([, script = '']) => script);
    expect(promised).toEqual(['start', 'test']);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(promised));
  });

  it('contains tests that pass with its Jest configuration', async () => {
    const report = await runJest(compiled.app);
    expect(report).toMatch(/^Test Suites: (\d+) passed, \1 total$/m);
  }, 60_000);

  describe('of the quick start', () => {
    let provider: OidcProvider;
    let api: ScriptedProvider;
    let app: ChildProcess;

    beforeAll(async () => {
      api = await startScriptedProvider();
      provider = await startOidcProvider({
        requirePkce: true,
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
      const page = await browser.allow(await browser.get(`${url}/auth/github/login`));
      expect(page.json()).toEqual({ hello: 'ada' });
    }, 30_000);

    /** Runs the compiled `src/main.ts` next to its `.env` as a user would, with another provider. */
    async function startQuickStart(): Promise<string> {
      const settings = readEnv(pageAt('README.md'));
      Object.assign(settings.github!, {
        client_id: 'quick',
        client_secret: 'start',
        authorize_url: `${provider.url}/auth`,
        access_token_url: `${provider.url}/token`,
        api_base_url: `${api.url}/`,
        allow_insecure_http: true,
      });
      Object.assign(settings.github!.client_kwargs as object, { scope: 'profile' });
      writeFileSync(join(compiled.app, '.env'), `AUTHLIB_OAUTH_CLIENTS='${JSON.stringify(settings, null, 2)}'\n`);

      const port = await freePort();
      app = spawn(process.execPath, [compiled.compiledFile('src/main.ts')], {
        cwd: compiled.app,
        env: { ...process.env, PORT: String(port) },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const output: string[] = [];
      for (const stream of [app.stdout, app.stderr])
        stream?.on('data', (chunk: Buffer) => output.push(chunk.toString()));
      const url = `http://127.0.0.1:${port}`;
      for (let attempt = 0; attempt < 100; attempt++) {
        if (await fetch(url).catch(() => undefined)) return url;
        await setTimeout(100);
      }
      throw new Error(`the quick start does not answer:\n${output.join('')}`);
    }
  });
});

function pageAt(path: string): DocPage {
  return pages.find((page) => page.path === path)!;
}

/** Returns the clients in the `.env` file of the page. */
function readEnv(page: DocPage): Record<string, Record<string, unknown>> {
  const [, json = ''] = /^AUTHLIB_OAUTH_CLIENTS='(.*)'$/ms.exec(envOf(page, 'AUTHLIB_OAUTH_CLIENTS')) ?? [];
  return JSON.parse(json) as Record<string, Record<string, unknown>>;
}

function runJest(folder: string): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules' };
  const command = [resolve('node_modules/jest/bin/jest.js'), '--ci', '--cacheDirectory', join(folder, '.jest')];
  return new Promise((done) =>
    execFile(process.execPath, command, { cwd: folder, env }, (_, stdout, stderr) => done(stdout + stderr)),
  );
}

function withoutTrailingSpace(text: string): string {
  return text.replace(/ +$/gm, '');
}
