import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Logger } from '@nestjs/common';
import {
  OAuthCallback,
  OAuthLogin,
  OAuthLogout,
  type OAuthConfigError,
  type OAuthRegistry,
  type OAuth2App,
  type OAuthClientModuleOptions,
} from 'nestjs-oauth-client';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import type { OAuthRequest } from 'nestjs-oauth-client/protocol';
import { ENDPOINTS, registryWith } from '../config/registry-with.js';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser, type Page } from '../support/browser.js';
import { MemoryLoginStorage } from '../support/memory-login-storage.js';
import { testApp, type TestApp, type TestAppOptions } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

/** Names that a careless key would confuse. */
const NAMES = ['a', 'A', 'a.b', 'a:b', 'a~b', 'a@b', 'a-b', 'a_b', 'my-idp', 'my_idp', 'MY.IDP', 'a_b_c', 'a.b.c'];
/** Names that are not valid. */
const INVALID = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  'a b',
  'a/b',
  'a\\b',
  '../a',
  'a..b',
  '.a',
  '#a',
  'a#b',
  'a\0b',
  'a\nb',
  'Ａ',
  'á',
  'а', // Cyrillic
  '🦊',
  'x'.repeat(101),
];
const COOKIE = { state: 'cookie', encryptionKeys: `${'A'.repeat(43)}=` } as const;

let provider: ScriptedProvider;
let site: TestApp | undefined;
/** The names for which the resolver was called. */
let asked: unknown[][];

beforeAll(async () => {
  provider = await startScriptedProvider();
});

afterAll(() => provider.close());

beforeEach(() => {
  jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  asked = [];
  provider.requests.length = 0;
});

afterEach(async () => {
  jest.restoreAllMocks();
  await site?.close();
  site = undefined;
});

/** The settings of a tenant: its own endpoints, whose tokens and API answers contain its name. */
function tenant(name: string, more: object = {}): object {
  const path = encodeURIComponent(name);
  const url = `${provider.url}/${path}`;
  provider.on(`POST /${path}/token`, () => ({ json: { access_token: `token of ${name}`, token_type: 'bearer' } }));
  provider.on(`GET /${path}/api/me`, ({ headers }) => ({ json: { tenant: name, sent: headers.authorization } }));
  return clientOf({ url }, { clientId: `client of ${name}`, ...more });
}

async function start(resolve: (name: string) => unknown, options: TestAppOptions = {}): Promise<TestApp> {
  const resolveClient = (...args: [string]): never => {
    asked.push(args);
    return resolve(...args) as never;
  };
  site = await testApp({ allowPrivateNetwork: true, resolveClient, ...options });
  return site;
}

function get(path: string): Promise<Page> {
  return new Browser().get(`${site?.url}/${path}`, { follow: false });
}

describe.each<[string, TestAppOptions]>([
  ['in the session, on Express', {}],
  ['in the session, on Fastify', { platform: 'fastify' }],
  ['in cookies', { ...COOKIE, session: {} }],
  ['in a storage', { state: new MemoryLoginStorage(), session: {} }],
])('tenants with similar names, with logins %s', (_, options) => {
  beforeEach(() => start((name) => (NAMES.includes(name) ? tenant(name) : undefined), options));

  it('sign one visitor in at the same time, each at its own provider', async () => {
    const visitor = new Visitor(() => site);
    for (const pair of NAMES.map((name, index) => [name, NAMES[(index + 1) % NAMES.length]!] as const)) {
      const begun = [await visitor.login(pair[0]), await visitor.login(pair[1])];
      expect(begun.map(({ location }) => location.searchParams.get('client_id'))).toEqual(
        pair.map((name) => `client of ${name}`),
      );
      for (const [index, name] of pair.entries()) {
        const page = await visitor.callback({ code: 'c', state: begun[index]!.state }, name);
        expect(page.json()).toMatchObject({ token: { accessToken: `token of ${name}` } });
        expect((await visitor.visit(`${name}/api/me`)).json()).toEqual({
          tenant: name,
          sent: `Bearer token of ${name}`,
        });
      }
    }
  });

  it('refuse the callback of a login that was begun with another tenant', async () => {
    const visitor = new Visitor(() => site);
    for (const [index, name] of NAMES.entries()) {
      const other = NAMES[(index + 1) % NAMES.length]!;
      const { state } = await visitor.login(name);
      const page = await visitor.callback({ code: 'c', state }, other);
      expect([name, other, page.status, page.json()]).toMatchObject([name, other, 400, { error: 'mismatching_state' }]);
    }
    expect(provider.requests.filter(({ path }) => path.endsWith('/token'))).toEqual([]);
  });

  it('refuse a state that is split differently between the name and the state', async () => {
    const visitor = new Visitor(() => site);
    const { state } = await visitor.login(`a_b?state=c_${'d'.repeat(20)}`);
    for (const [name, split] of [
      ['a', `b_${state}`],
      ['a_b_c', state.replace(/^c_/, '')],
    ] as const) {
      expect((await visitor.callback({ code: 'c', state: split }, name)).status).toBe(400);
    }
  });
});

describe('tokens of tenants with similar names', () => {
  it('are separate in the token store, for users and for machine clients', async () => {
    const tokenStore = new MemoryTokenStore();
    const { registry } = await start((name) => tenant(name), { tokenStore, userOf: () => 'user' });
    for (const name of NAMES) {
      await tokenStore.save({ name, user: 'ada' }, { accessToken: `ada at ${name}`, tokenType: 'bearer' });
    }
    for (const name of NAMES) {
      const { data } = await (await registry.resolve(name)).get('me', { user: 'ada' });
      expect(data).toEqual({ tenant: name, sent: `Bearer ada at ${name}` });
    }
  });

  it('of machine clients are separate, although the provider and the client identifier are the same', async () => {
    let issued = 0;
    const tokenStore = new MemoryTokenStore();
    const { registry } = await start(
      () => {
        const settings = tenant('machine', { grantType: 'client_credentials', clientId: 'same' });
        provider.on('POST /machine/token', () => ({ json: { access_token: `t${++issued}`, token_type: 'bearer' } }));
        return settings;
      },
      { tokenStore },
    );
    const sent = [];
    for (const name of [...NAMES, ...NAMES]) {
      sent.push(((await (await registry.resolve(name)).get('me')).data as { sent: string }).sent);
    }
    expect(new Set(sent).size).toBe(NAMES.length);
    expect(sent.slice(NAMES.length)).toEqual(sent.slice(0, NAMES.length));
  });

  it('are refused after a tenant changed its provider or its client, and another tenant took its name', async () => {
    let settings = tenant('old');
    const tokenStore = new MemoryTokenStore();
    const { registry } = await start(() => settings, { tokenStore, userOf: () => 'user' });
    const app = await registry.resolve<OAuth2App>('acme');
    await tokenStore.save({ name: 'acme', user: 'ada' }, await app.fetchAccessToken({ code: 'c' }));
    expect((await app.get('me', { user: 'ada' })).status).toBe(200);
    settings = tenant('new');
    registry.forget('acme');
    const error: unknown = await (
      await registry.resolve('acme')
    )
      .get('me', { user: 'ada' })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ error: 'missing_token' });
    expect(provider.requests.filter(({ path }) => path.startsWith('/new'))).toEqual([]);
  });
});

describe('names from a request', () => {
  it.each(['express', 'fastify'] as const)('that are not valid never reach resolveClient, on %s', async (platform) => {
    await start((name) => tenant(name), { platform });
    for (const name of INVALID) {
      const page = await get(`auth/${encodeURIComponent(name)}/login`);
      expect([name, page.status >= 400 && page.status < 500, page.headers.get('location')]).toEqual([name, true, null]);
      await expect(site?.registry.resolve(name)).rejects.toMatchObject({ error: 'invalid_configuration' });
    }
    await expect(site?.registry.resolve({ toString: () => 'a' } as never)).rejects.toThrow('there is no client');
    expect(asked).toEqual([]);
  });

  it('of configured and registered clients never reach resolveClient, so that no tenant can take their place', async () => {
    const clients = { own: { ...ENDPOINTS, client_id: 'own' } };
    const { registry } = await start((name) => tenant(name), { clients });
    registry.register('registered', { ...ENDPOINTS, client_id: 'registered' });
    for (const name of ['own', 'registered']) {
      const page = await get(`auth/${name}/login`);
      expect(new URL(page.headers.get('location') ?? '').searchParams.get('client_id')).toBe(name);
    }
    expect(asked).toEqual([]);
  });

  it('that are unknown fill no memory and evict no tenants', async () => {
    const { registry } = await start((name) => (name.startsWith('tenant-') ? tenant(name) : undefined));
    const apps = await Promise.all(Array.from({ length: 100 }, (_, index) => registry.resolve(`tenant-${index}`)));
    const flood = Array.from({ length: 20_000 }, (_, index) => `unknown-${index}`);
    for (const name of flood) await registry.find(name);
    expect(asked).toHaveLength(20_100);
    const again = await Promise.all(Array.from({ length: 100 }, (_, index) => registry.resolve(`tenant-${index}`)));
    expect(again.every((app, index) => app === apps[index])).toBe(true);
    expect(asked).toHaveLength(20_100);
  });

  it('reach resolveClient without the request, so that a request to one tenant cannot choose the settings of another', async () => {
    await start((name) => tenant(name));
    await new Browser().get(`${site?.url}/auth/victim/login`, {
      follow: false,
      headers: { 'x-forwarded-host': 'attacker.example', host: 'attacker.example', 'x-tenant': 'attacker' },
    });
    expect(asked).toEqual([['victim']]);
    const page = await get('auth/victim/login');
    expect(new URL(page.headers.get('location') ?? '').searchParams.get('client_id')).toBe('client of victim');
    expect(asked).toHaveLength(1);
  });

  it('do not remove the client of a tenant when a request with a forged host is refused', async () => {
    const resolveClient = (name: string, request?: OAuthRequest): never =>
      (request?.headers?.['x-tenant'] === 'attacker' ? undefined : tenant(name)) as never;
    const { registry } = await start(() => undefined, { resolveClient });
    const before = await registry.resolve('victim');
    const attacker = { follow: false, headers: { 'x-tenant': 'attacker' } };
    const refused = await new Browser().get(`${site?.url}/auth/victim/login`, attacker);
    expect([refused.status, (await registry.resolve('victim')) === before]).toEqual([404, true]);
  });

  it('get the client of their own request if resolveClient has a parameter for it', async () => {
    const resolveClient = (name: string, request?: OAuthRequest): never =>
      (request?.headers?.['x-tenant'] === 'attacker' ? undefined : tenant(name)) as never;
    const { registry } = await start(() => undefined, { resolveClient });
    const attacker = { follow: false, headers: { 'x-tenant': 'attacker' } };
    const refused = async (): Promise<number> =>
      (await new Browser().get(`${site?.url}/auth/victim/login`, attacker)).status;
    expect(await refused()).toBe(404);
    const page = await get('auth/victim/login');
    expect(new URL(page.headers.get('location') ?? '').searchParams.get('client_id')).toBe('client of victim');
    expect(await refused()).toBe(404);
    const [first, second] = await Promise.all([registry.resolve('victim'), registry.resolve('victim')]);
    expect(first).toBe(second);
  });
});

describe('enumeration of tenants', () => {
  @Controller('listed/:provider')
  class ListedController {
    @Get('login')
    @OAuthLogin(['listed', 'absent'], { redirectUri: 'https://app.test/callback' })
    login(): void {}

    @Get('callback')
    @OAuthCallback(['listed', 'absent'])
    callback(): void {}

    @Get('logout')
    @OAuthLogout(['listed', 'absent'])
    logout(): void {}
  }

  it.each(['express', 'fastify'] as const)(
    'gets one response for unknown, refused, machine, unlisted and invalid names, on %s',
    async (platform) => {
      const resolve = (name: string): unknown => {
        if (name === 'refused') return null;
        if (name === 'machine') return tenant(name, { grantType: 'client_credentials' });
        return ['listed', 'unlisted'].includes(name) ? tenant(name) : undefined;
      };
      await start(resolve, { platform, controllers: [ListedController], exposeErrors: true });
      const responses = [];
      for (const name of ['absent', 'unlisted', 'refused', 'machine', 'unknown', '__proto__', 'a%2Fb']) {
        for (const route of ['login', 'callback?code=c&state=s', 'logout']) {
          const { status, json } = await get(`listed/${name}/${route}`);
          const { reference, ...body } = json() as Record<string, unknown>;
          expect(reference).toEqual(expect.any(String));
          responses.push(JSON.stringify([status, body]));
        }
      }
      expect([...new Set(responses)]).toEqual([expect.stringContaining('[404,{"error":"unknown_provider"')]);
      expect(asked.flat()).toEqual(['absent', 'absent', 'absent']); // a list is checked before resolveClient is asked
      expect((await get('listed/listed/login')).status).toBe(302);
    },
  );
});

describe('a client name in a decorator', () => {
  @Controller('acme')
  class AcmeController {
    @Get('login')
    @OAuthLogin('acme', { redirectUri: 'https://app.test/callback' })
    login(): void {}

    @Get('logout')
    @OAuthLogout('acme')
    logout(): void {}
  }

  it('may be the name of a tenant that resolveClient knows later', async () => {
    let exists = false;
    await start((name) => (exists ? tenant(name) : undefined), { controllers: [AcmeController] });
    expect([(await get('acme/login')).status, (await get('acme/logout')).status]).toEqual([500, 500]);
    exists = true;
    expect((await get('acme/login')).status).toBe(302);
  });

  it('is refused at start-up without resolveClient', async () => {
    await expect(testApp({ controllers: [AcmeController] })).rejects.toThrow('no client of that name is configured');
  });
});

describe('hostile settings of a tenant', () => {
  const SECRETS = {
    GIT_HUB_CLIENT_ID: 'ourId',
    GIT_HUB_CLIENT_SECRET: 'ourSecret',
    AUTHLIB_OAUTH_CLIENTS: { billing: { ...ENDPOINTS, client_id: 'ourId', client_secret: 'ourSecret' } },
  };

  async function registryOf(settings: unknown, options: OAuthClientModuleOptions = {}): Promise<OAuthRegistry> {
    return registryWith({ settings: SECRETS, options: { resolveClient: () => settings, ...options } });
  }

  async function faultsOf(settings: unknown): Promise<readonly string[]> {
    const registry = await registryOf(settings);
    return registry.resolve('acme').then(
      () => [],
      (error: unknown) => (error as OAuthConfigError).faults,
    );
  }

  it.each(['git.hub', 'GIT-HUB', 'git_hub'])(
    'do not read the secrets of the application for a tenant with the name %s',
    async (name) => {
      const { client_id: _, ...incomplete } = { ...ENDPOINTS, client_id: undefined };
      await expect((await registryOf(incomplete)).resolve(name)).rejects.toThrow(`${name}.client_id: missing`);
      const app = await (await registryOf({ ...ENDPOINTS, client_id: 'tenant' })).resolve<OAuth2App>(name);
      expect(app.clientId).toBe('tenant');
      expect(JSON.stringify(await app.createAuthorizationUrl())).not.toContain('ourId');
    },
  );

  it.each([
    ['overwrite', 'expected in the options of the call'],
    ['readSettings', 'expected in the options of the call'],
    ['replace', 'expected in the options of the call'],
    ['allowPrivateNetwork', 'expected in the options of OAuthClientModule'],
    ['allow_private_network', 'expected in the options of OAuthClientModule'],
    ['blockPrivateNetworks', 'unknown key'],
    ['resolveClient', 'unknown key'],
    ['registeredAtRunTime', 'unknown key'],
    ['isPublicOnly', 'unknown key'],
    ['allowInsecureHosts', 'unknown key'],
  ])('cannot contain the option %s', async (option, fault) => {
    expect(await faultsOf({ ...ENDPOINTS, client_id: 'id', [option]: false })).toEqual([
      expect.stringMatching(new RegExp(`^acme\\.\\w+: ${fault}`)),
    ]);
  });

  it('cannot set the prototype of the settings', async () => {
    const hostile = JSON.parse(
      '{"client_id":"id","authorize_url":"https://a.test","access_token_url":"https://a.test","__proto__":{"allow_insecure_http":true}}',
    ) as object;
    expect(await faultsOf(hostile)).toEqual([expect.stringContaining('unknown key')]);
  });

  it.each([
    ['allow_issuer_impersonation', { issuer: 'https://idp.test', allow_issuer_impersonation: true }],
    ['http.proxy', { http: { proxy: { host: 'internal' } } }],
    ['http.headers', { http: { headers: { host: 'internal' } } }],
  ])('cannot use %s, as other clients that are registered at run time', async (key, settings) => {
    expect(await faultsOf({ ...ENDPOINTS, client_id: 'id', ...settings })).toContainEqual(
      expect.stringContaining(`acme.${key}`),
    );
  });

  it('do not reach the private network by default, and reach it with allowPrivateNetwork', async () => {
    const settings = tenant('acme');
    const blocked = await registryOf(settings);
    await expect((await blocked.resolve<OAuth2App>('acme')).fetchAccessToken({ code: 'c' })).rejects.toMatchObject({
      error: 'private_address',
      description: expect.stringContaining('allowPrivateNetwork'),
    });
    expect(provider.requests).toEqual([]);
    const open = await registryOf(settings, { allowPrivateNetwork: true });
    await (await open.resolve<OAuth2App>('acme')).fetchAccessToken({ code: 'c' });
    expect(provider.requests).toHaveLength(1);
  });

  it('do not change what registered clients can reach', async () => {
    const registry = await registryOf(undefined);
    registry.register('registered', tenant('registered'));
    await registry.get<OAuth2App>('registered').fetchAccessToken({ code: 'c' });
    expect(provider.requests).toHaveLength(1);
  });

  const wide = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`k${index}`, 'v']));
  let deep: object = {};
  for (let depth = 0; depth < 100_000; depth++) deep = { deep };
  const circular: { self?: object } = {};
  circular.self = circular;

  it.each<[string, object]>([
    ['200,000 keys', wide],
    ['200,000 keys in an object', { client_kwargs: wide }],
    ['200,000 keys in the options of axios', { http: { headers: wide } }],
    ['200,000 items in a list', { api_origins: Array.from({ length: 200_000 }, () => 'https://a.test') }],
    ['a string of 100 million characters', { client_id: 'x'.repeat(100_000_000) }],
    ['a deep object', { authorize_params: deep }],
    ['an object that contains itself', { authorize_params: circular }],
    [
      'many large objects',
      { ...Object.fromEntries(Array.from({ length: 199 }, (_, i) => [`k${i}`, Array(150).fill('v')])) },
    ],
  ])('are refused quickly if they contain %s', async (_, settings) => {
    const registry = await registryOf({ ...ENDPOINTS, client_id: 'id', ...settings });
    const begun = performance.now();
    await expect(registry.resolve('acme')).rejects.toMatchObject({
      faults: [expect.stringContaining('expected at most')],
    });
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  it('appear in the log with the name of the tenant and without a value, and in the browser as status 500', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const settings = { ...ENDPOINTS, client_id: 'id', client_secret: 5, authorize_url: 'javascript:s3cret' };
    await start(() => settings, { exposeErrors: false });
    const page = await get('auth/acme/login');
    expect([page.status, page.json()]).toEqual([
      500,
      { error: 'invalid_configuration', error_description: expect.any(String), reference: expect.any(String) },
    ]);
    expect(error.mock.calls).toEqual([[expect.stringMatching(/client=acme .*acme\.authorize_url/)]]);
    expect(page.text + String(error.mock.calls)).not.toContain('s3cret');
  });
});
