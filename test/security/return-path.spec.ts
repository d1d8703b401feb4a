import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser } from '../support/browser.js';
import { compileProgram } from '../support/compile.js';
import { describeWithPostgres, describeWithRedis } from '../support/engines.js';
import type { SiteSettings } from './site.app.js';

/** One path of every hostile class, and where it leads on this site, or `undefined` if the login is refused. */
const PATHS: [path: string, leadsTo: string | undefined][] = [
  ['/日', '/%E6%97%A5'],
  ['/?q=日#é', '/?q=%E6%97%A5#%C3%A9'],
  ['/\u{1f600}\u202e', '/%F0%9F%98%80%E2%80%AE'],
  ['/\ud800', '/%EF%BF%BD'],
  ['/a b"<>`{}', '/a%20b%22%3C%3E%60%7B%7D'],
  ['/a/./b/../c', '/a/c'],
  ['/%0d%0aset-cookie:x=y', '/%0d%0aset-cookie:x=y'],
  ['/.//evil.example', undefined],
  ['/a/..//evil.example', undefined],
  ['/%2e//evil.example', undefined],
  ['/%2e%2e//evil.example', undefined],
  ['/a/%2E.//evil.example/%2f..', undefined],
  ['//evil.example', undefined],
  ['/\\evil.example', undefined],
  ['/./\\evil.example', undefined],
  ['/\r\nset-cookie: x=y', undefined],
  ['/\u0000', undefined],
  [`/${'x'.repeat(9000)}`, undefined],
  ['https://evil.example', undefined],
];

let provider: ScriptedProvider;
let program: string;
let site: ChildProcess;
let url: string;

beforeAll(async () => {
  program = compileProgram('test/security/site.app.ts');
  provider = await startScriptedProvider();
  provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
});

afterAll(() => provider.close());

/** Starts one site for all tests of a block. */
function startSite(settings: Omit<SiteSettings, 'provider'>): void {
  beforeAll(async () => {
    const SITE = JSON.stringify({ ...settings, provider: provider.url });
    site = fork(program, { env: { ...process.env, SITE }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    [url] = (await once(site, 'message')) as [string];
  });

  afterAll(async () => {
    if (site.exitCode !== null) return;
    site.kill();
    await once(site, 'exit');
  });
}

async function expectAlive(): Promise<void> {
  expect((await new Browser().get(`${url}/alive`)).text).toBe('yes');
  expect(site.exitCode).toBeNull();
}

/** Begins a login or a logout with a return path, and follows it to the end. */
async function roundTrip(kind: 'login' | 'logout', path: string, careless = '') {
  const browser = new Browser();
  const begun = await browser.get(`${url}/${kind}?next=${encodeURIComponent(Buffer.from(path).toString())}`, {
    follow: false,
  });
  if (begun.status !== 302) return { status: begun.status };
  const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const callback = kind === 'login' ? `callback?code=c&state=${state}${careless}` : `signed-out?state=${state}`;
  const { status, headers } = await browser.get(`${url}/${callback}`, { follow: false });
  return { status, location: headers.get('location') };
}

function attacks(settings: Omit<SiteSettings, 'provider'>): void {
  startSite(settings);

  it('open redirect: no return path leaves the site or ends the process', async () => {
    for (const kind of ['login', 'logout'] as const) {
      for (const [path, leadsTo] of PATHS) {
        const { status, location } = await roundTrip(kind, path);
        const ended = leadsTo === undefined ? { status: 400, location: undefined } : { status: 302, location: leadsTo };
        expect({ kind, path, status, location }).toEqual({ kind, path, ...ended });
      }
    }
    await expectAlive();
  });

  it('header injection: a redirect of the application to an invalid path does not end the process', async () => {
    const { status } = await roundTrip('login', '/', '&careless');
    expect([302, 500]).toContain(status); // Express encodes the path
    await expectAlive();
  });
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  describe('with sessions in memory', () => {
    attacks({ platform, sessions: 'memory', state: 'session' });

    it('a session store that fails after the response does not end the process', async () => {
      const browser = new Browser();
      for (const callback of ['callback', 'saves']) {
        const { headers } = await browser.get(`${url}/login`, { follow: false });
        const state = new URL(headers.get('location') ?? '').searchParams.get('state') ?? '';
        await browser.get(`${url}/${callback}?code=c&state=${state}`, { follow: false });
      }
      await expectAlive();
    });
  });

  describe('with logins in cookies', () => attacks({ platform, sessions: 'memory', state: 'cookie' }));
  describeWithRedis('with sessions in Redis', () => attacks({ platform, sessions: 'redis', state: 'session' }));
  describeWithPostgres('with sessions in PostgreSQL', () =>
    attacks({ platform, sessions: 'postgres', state: 'session' }),
  );
  if (platform === 'express') {
    describe('with cookie-session', () => attacks({ platform, sessions: 'cookie-session', state: 'session' }));
  }
});
