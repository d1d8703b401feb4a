import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Cookie } from 'tough-cookie';
import type { ClientRegistration, OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { RedisStateStore } from 'nestjs-oauth-client/redis';
import { metadataOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser } from '../support/browser.js';
import { describeWithRedis, TestRedis } from '../support/engines.js';
import { testApp, type TestApp, type TestAppOptions } from '../support/test-app.js';

const KEY = Buffer.alloc(32, 1).toString('base64');
const OTHER_KEY = Buffer.alloc(32, 2).toString('base64');

const redis = new TestRedis();

/** How to set up a kind of store, and how to set up the store of another deployment of the application. */
interface Kind {
  name: 'session' | 'cookie' | 'redis';
  here: () => Partial<TestAppOptions>;
  elsewhere: () => Partial<TestAppOptions>;
}
const SESSION: Kind = {
  name: 'session',
  here: () => ({}),
  elsewhere: () => ({ session: { secret: 'y'.repeat(32) } }),
};
const COOKIE: Kind = {
  name: 'cookie',
  here: () => ({ state: 'cookie', encryptionKeys: KEY }),
  elsewhere: () => ({ state: 'cookie', encryptionKeys: OTHER_KEY }),
};
const REDIS: Kind = {
  name: 'redis',
  here: () => ({ state: new RedisStateStore(redis.client, redis) }),
  elsewhere: () => ({ state: new RedisStateStore(redis.client, { prefix: `${redis.prefix}elsewhere:` }) }),
};

let provider: ScriptedProvider;
let apps: TestApp[];
let browser: Browser;

beforeEach(async () => {
  provider = await startScriptedProvider();
  provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
  provider.on('GET /.well-known/openid-configuration', () => ({
    json: metadataOf(provider, { end_session_endpoint: `${provider.url}/end` }),
  }));
  apps = [];
  browser = new Browser();
});

afterEach(async () => {
  jest.useRealTimers();
  for (const app of apps) await app.close();
  await provider.close();
});

async function start(options: Partial<TestAppOptions>): Promise<TestApp> {
  const client = {
    clientId: 'id',
    clientSecret: 'client-secret',
    serverMetadataUrl: `${provider.url}/.well-known/openid-configuration`,
    clientKwargs: { scope: 'profile', codeChallengeMethod: 'S256' },
  } as ClientRegistration;
  const app = await testApp({ trustProxy: true, clients: { dev: client, other: client }, ...options });
  apps.push(app);
  return app;
}

/** Begins a login or a logout, and returns its state. */
async function begin(app: TestApp, by = browser, path = 'dev/login', headers = {}): Promise<string> {
  const page = await by.get(`${app.url}/auth/${path}`, { follow: false, headers });
  expect({ status: page.status, text: page.status === 302 ? '' : page.text }).toEqual({ status: 302, text: '' });
  return new URL(page.headers.get('location') ?? '').searchParams.get('state') ?? '';
}

async function answer(app: TestApp, path: string, by = browser, headers = {}) {
  const { status, json } = await by.get(`${app.url}/auth/${path}`, { headers });
  return { status, body: json() as { error?: string; error_description?: string } };
}

function callback(app: TestApp, state: string, by = browser, headers = {}) {
  return answer(app, `dev/callback?code=c&state=${state}`, by, headers);
}

/** Counts the token requests. A refused login sends none. */
function tokenRequests(): number {
  return provider.requests.filter(({ path }) => path === '/token').length;
}

const SIGNED_IN = { status: 200, body: { token: { accessToken: 'a' } } };
const REFUSED = { status: 400, body: { error: 'mismatching_state' } };

/** Returns the cookies of a browser, to be copied or changed. */
function cookiesOf(app: TestApp, by = browser): Promise<Cookie[]> {
  return by.jar.getCookies(app.url);
}

/** Returns a browser that has only these cookies. */
async function browserWith(app: TestApp, cookies: { key: string; value: string }[]): Promise<Browser> {
  const forged = new Browser();
  for (const { key, value } of cookies) {
    await forged.jar.setCookie(new Cookie({ key, value, path: '/', secure: key.startsWith('__Host-') }), app.url);
  }
  return forged;
}

function attacks(kind: Kind): void {
  const hasOwnCookies = kind.name !== 'session';

  it('login CSRF: refuses a state that belongs to another browser', async () => {
    const app = await start(kind.here());
    const victims = await begin(app, new Browser());
    await begin(app);
    expect(await callback(app, victims)).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
  });

  it('refuses a stolen state without its cookie', async () => {
    const app = await start(kind.here());
    const state = await begin(app, new Browser());
    expect(await callback(app, state, new Browser())).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
  });

  it('refuses a cookie of another deployment', async () => {
    const [here, elsewhere] = [await start(kind.here()), await start(kind.elsewhere())];
    const state = await begin(elsewhere);
    expect(await callback(here, state, await browserWith(here, await cookiesOf(elsewhere)))).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
    expect(await callback(elsewhere, state)).toMatchObject(SIGNED_IN);
  });

  it('replay: refuses a cookie that was used before', async () => {
    const app = await start(kind.here());
    const state = await begin(app);
    const copy = await browserWith(app, await cookiesOf(app));
    expect(await callback(app, state)).toMatchObject(SIGNED_IN);
    for (const replaying of [copy, browser]) {
      const { status, body } = await callback(app, state, replaying);
      expect({ status, body }).toMatchObject(REFUSED);
      expect(body.error_description).toContain('already finished');
    }
    expect(tokenRequests()).toBe(1);
  });

  it('cookie flooding: 50 pending logins keep the Cookie header small, and the newest 5 can finish', async () => {
    const app = await start(kind.here());
    const states: string[] = [];
    for (let index = 0; index < 50; index++) states.push(await begin(app));
    expect((await browser.jar.getCookieString(app.url)).length).toBeLessThan(3000);
    for (const state of states.slice(-5)) expect(await callback(app, state)).toMatchObject(SIGNED_IN);
    expect(await callback(app, states[10]!)).toMatchObject(REFUSED);
  });

  it('refuses a cookie that was moved to another state', async () => {
    const app = await start(kind.here());
    const other = await begin(app, new Browser());
    const names = await namesOfNewCookies(app, other);
    await begin(app);
    const cookies = await cookiesOf(app);
    const moved = cookies.flatMap(({ value }) => names.map((key) => ({ key, value })));
    expect(await callback(app, other, await browserWith(app, moved))).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
  });

  it('refuses a cookie that was moved to another provider', async () => {
    const app = await start(kind.here());
    const state = await begin(app, browser, 'dev/login?state=chosen-by-the-app');
    const forOther = new Browser();
    await begin(app, forOther, 'other/login?state=chosen-by-the-app');
    const [{ key } = fail()] = await cookiesOf(app, forOther);
    const [{ value } = fail()] = await cookiesOf(app);
    const moved = await browserWith(app, [{ key, value }]);
    expect(await answer(app, `other/callback?code=c&state=${state}`, moved)).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
  });

  it('refuses a cookie that was changed', async () => {
    const app = await start(kind.here());
    const state = await begin(app);
    const [{ key, value } = fail()] = await cookiesOf(app);
    const start_ = hasOwnCookies ? 11 : 0; // the characters before only encode the age
    for (let at = start_; at < value.length - 1; at += 5) {
      const other = value[at] === 'A' ? 'B' : 'A';
      const tampered = value.slice(0, at) + other + value.slice(at + 1);
      expect(await callback(app, state, await browserWith(app, [{ key, value: tampered }]))).toMatchObject(REFUSED);
    }
    expect(tokenRequests()).toBe(0);
    expect(await callback(app, state)).toMatchObject(SIGNED_IN);
  });

  it('refuses an expired cookie with a forged age', async () => {
    const app = await start(kind.here());
    const state = await begin(app);
    const cookies = await cookiesOf(app);
    await pass(kind.name === 'session' ? 3601 : 601);
    const now = Math.floor(Date.now() / 1000) + 9;
    const forged = cookies.map(({ key, value }) => ({ key, value: value.replace(/^\d{10}\./, `${now}.`) }));
    if (hasOwnCookies) expect(forged[0]?.value).not.toBe(cookies[0]?.value);
    expect(await callback(app, state, await browserWith(app, forged))).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
  });

  it('refuses the state of a logout in a login, and the state of a login in a logout', async () => {
    const app = await start(kind.here());
    await begin(app, browser, 'dev/logout?state=chosen-by-the-app');
    expect(await callback(app, 'chosen-by-the-app')).toMatchObject(REFUSED);
    expect(await answer(app, 'dev/signed-out?state=chosen-by-the-app')).toMatchObject({ status: 200 });
    await begin(app, browser, 'dev/login?state=login-with-a-state');
    expect(await answer(app, 'dev/signed-out?state=login-with-a-state')).toMatchObject(REFUSED);
    expect(await callback(app, 'login-with-a-state')).toMatchObject(SIGNED_IN);
    expect(tokenRequests()).toBe(1);
  });

  it('refuses a logout cookie under the name of a login cookie', async () => {
    const app = await start(kind.here());
    await begin(app, browser, 'dev/logout?state=chosen-by-the-app');
    const forLogin = new Browser();
    await begin(app, forLogin, 'dev/login?state=chosen-by-the-app');
    const [{ key } = fail()] = await cookiesOf(app, forLogin);
    const [{ value } = fail()] = await cookiesOf(app);
    expect(await callback(app, 'chosen-by-the-app', await browserWith(app, [{ key, value }]))).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
  });

  it('cookie downgrade: X-Forwarded-Proto does not remove Secure from the login cookie when baseUrl is set', async () => {
    const app = await start({ ...kind.here(), baseUrl: 'https://site.example' });
    const downgrade = { 'x-forwarded-proto': 'http' };
    const state = await begin(app, browser, 'dev/login', downgrade);
    if (hasOwnCookies) {
      const [cookie = fail()] = await cookiesOf(app);
      expect(cookie).toMatchObject({ secure: true, key: expect.stringMatching(/^__Host-oauth_/), hostOnly: true });
      const { value } = cookie;
      const planted = await browserWith(app, [{ key: cookie.key.replace('__Host-', ''), value }]);
      expect(await callback(app, state, planted, downgrade)).toMatchObject(REFUSED);
    }
    expect(await callback(app, state, browser, downgrade)).toMatchObject(SIGNED_IN);
  });

  /** Returns the names of the cookies that a login with this state sets. */
  async function namesOfNewCookies(app: TestApp, state: string): Promise<string[]> {
    const another = new Browser();
    await begin(app, another, `dev/login?state=${state}`);
    return (await cookiesOf(app, another)).map(({ key }) => key);
  }

  async function pass(seconds: number): Promise<void> {
    if (kind.name === 'redis') {
      const keys = await redis.client.keys(`${redis.prefix}pending:*`);
      for (const key of keys) {
        expect(await redis.client.ttl(key)).toBeLessThanOrEqual(600);
        await redis.client.pExpire(key, 1);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
      return;
    }
    const real = ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'queueMicrotask'] as const;
    jest.useFakeTimers({ now: Date.now() + seconds * 1000, doNotFake: [...real] });
  }
}

function fail(): never {
  throw new Error('there is no cookie');
}

describe('attacks on logins in the session', () => attacks(SESSION));

describe('attacks on logins in cookies', () => {
  attacks(COOKIE);

  it('refuses a cookie that is encrypted with a retired key', async () => {
    const rotated = (encryptionKeys: string[]): OAuthClientModuleOptions => ({ state: 'cookie', encryptionKeys });
    const before = await start(rotated([KEY]));
    const [state, later] = [await begin(before), await begin(before)];
    const during = await start(rotated([OTHER_KEY, KEY]));
    expect(await callback(during, state)).toMatchObject(SIGNED_IN);
    const after = await start(rotated([OTHER_KEY]));
    expect(await callback(after, later)).toMatchObject(REFUSED);
  });

  it('cookie flooding: login links with long return paths keep the Cookie header below 8 KB', async () => {
    const app = await start(COOKIE.here());
    const states: string[] = [];
    for (let index = 0; index < 20; index++) {
      states.push(await begin(app, browser, `dev/login?next=/${'x'.repeat(2300)}`));
    }
    expect((await browser.jar.getCookieString(app.url)).length).toBeLessThan(8192);
    for (const state of states.slice(-2)) expect(await callback(app, state)).toMatchObject(SIGNED_IN);
  });

  it('cookie flooding: forged login cookies do not block a login, and a cookie of the application remains', async () => {
    const app = await start(COOKIE.here());
    const cookies = Array.from({ length: 20 }, (_, index) => ({
      key: `oauth_${String(index).padStart(22, '0')}`,
      value: '9999999999.x',
    }));
    const flooded = await browserWith(app, [...cookies, { key: 'oauth_token', value: 'of the application' }]);
    const state = await begin(app, flooded);
    expect(await cookiesOf(app, flooded)).toHaveLength(6);
    expect((await cookiesOf(app, flooded)).map(({ key }) => key)).toContain('oauth_token');
    expect(await callback(app, state, flooded)).toMatchObject(SIGNED_IN);
  });
});

describeWithRedis('attacks on logins in Redis', () => {
  beforeAll(() => redis.open());
  afterAll(() => redis.close());

  attacks(REDIS);

  it('database theft: a copy of the database contains no state, return path or cookie', async () => {
    const app = await start(REDIS.here());
    const state = await begin(app, browser, 'dev/login?next=/private');
    const keys = await redis.client.keys(`${redis.prefix}pending:*`);
    const dump = JSON.stringify([keys, await redis.client.mGet(keys)]);
    for (const text of [state, 'private', 'dev', 'codeVerifier']) expect(dump).not.toContain(text);
    const [{ value } = fail()] = await cookiesOf(app);
    expect(dump).not.toContain(value.slice(11));
  });
});
