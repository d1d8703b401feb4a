import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp, type TestAppOptions } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';
import { describeEveryKind } from './kinds.js';

let provider: ScriptedProvider;
let app: TestApp;

beforeEach(async () => {
  provider = await startScriptedProvider();
  provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
});

afterEach(async () => {
  await app.close();
  await provider.close();
});

function dev(settings: object = {}) {
  return clientOf(provider, { apiBaseUrl: `${provider.url}/`, ...settings });
}

/** Returns a browser that has some cookies of another browser. */
async function plant(from: Visitor, name: (key: string) => boolean): Promise<Visitor> {
  const browser = new Visitor(() => app);
  for (const cookie of await from.jar.getCookies(app.url)) {
    if (name(cookie.key)) await browser.jar.setCookie(`${cookie.cookieString()}; Path=/`, app.url);
  }
  return browser;
}

const isSession = (key: string): boolean => !key.includes('oauth_');
const REFUSED = { error: 'mismatching_state' };

function tokenRequests(): number {
  return provider.requests.filter(({ path }) => path === '/token').length;
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  it('login CSRF: a login in a planted session cannot finish in the browser of the victim', async () => {
    app = await testApp({ platform, clients: { dev: dev() } });
    const attacker = new Visitor(() => app);
    const { state } = await attacker.login();
    const victim = await plant(attacker, isSession);
    expect((await victim.callback({ code: 'attackers-code', state })).json()).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
    expect((await attacker.callback({ code: 'attackers-code', state })).status).toBe(200); // the attacker's browser can
  });

  it('login CSRF: the victim’s cookie of another login does not finish a planted login', async () => {
    app = await testApp({ platform, clients: { dev: dev() } });
    const attacker = new Visitor(() => app);
    const { state } = await attacker.login();
    const victim = await plant(attacker, isSession);
    await victim.login();
    const [own] = (await victim.jar.getCookies(app.url)).filter(({ key }) => !isSession(key));
    const [wanted] = (await attacker.jar.getCookies(app.url)).filter(({ key }) => !isSession(key));
    await victim.jar.setCookie(`${wanted?.key}=${own?.value}; Path=/`, app.url);
    expect((await victim.callback({ code: 'attackers-code', state })).json()).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
  });
});

describe.each(['express-session', 'cookie-session'] as const)('with %s', (name) => {
  const session = name === 'cookie-session' ? name : {};

  it('session fixation: regenerateSession() drops a planted login', async () => {
    app = await testApp({
      session,
      clients: { dev: dev({ endSessionEndpoint: `${provider.url}/end` }) },
    });
    const attacker = new Visitor(() => app);
    const { state } = await attacker.login();
    const victim = await plant(attacker, isSession);
    // this route calls regenerateSession(), as a route that signs users in should do
    const regenerated = await victim.get(`${app.url}/auth/dev/logout`, { follow: false });
    expect(regenerated.status).toBe(302);
    expect((await victim.callback({ code: 'attackers-code', state })).json()).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
  });

  it('forced logout: an image of another site does not end the session', async () => {
    app = await testApp({ session, clients: { dev: dev({ endSessionEndpoint: `${provider.url}/end` }) } });
    const browser = new Visitor(() => app);
    const { state } = await browser.login();
    expect((await browser.callback({ code: 'attackers-code', state })).status).toBe(200);
    provider.on('GET /me', () => ({ json: { is: 'signed in' } }));
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' };
    const image = await browser.get(`${app.url}/auth/dev/logout`, { follow: false, headers });
    expect([image.status, image.headers.getSetCookie()]).toEqual([403, []]);
    expect((await browser.get(`${app.url}/auth/dev/api/me`)).json()).toEqual({ is: 'signed in' });
  });

  it('replay: a copy of all cookies does not finish a login again', async () => {
    app = await testApp({ session, clients: { dev: dev() } });
    const browser = new Visitor(() => app);
    const { state } = await browser.login();
    const copy = await plant(browser, () => true);
    expect((await browser.callback({ code: 'attackers-code', state })).status).toBe(200);
    for (const replaying of [copy, browser]) {
      expect((await replaying.callback({ code: 'attackers-code', state })).json()).toMatchObject(REFUSED);
    }
    expect(tokenRequests()).toBe(1);
  });
});

describeEveryKind((kind) => {
  /** Returns the cookies that a login sets, behind a proxy that terminates TLS and sends no X-Forwarded-Proto. */
  async function cookiesOf(options: Partial<TestAppOptions>, path = 'dev/login'): Promise<string[]> {
    app = await testApp({ clients: { dev: dev() }, ...options, ...kind.options() });
    const page = await new Visitor(() => app).get(`${app.url}/auth/${path}`, { follow: false });
    expect(page.status).toBe(302);
    return page.headers.getSetCookie().filter((cookie) => cookie.includes('oauth_'));
  }

  const SECURE = /^__Host-oauth_[\w-]+=[^;]+; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=(Lax|None)$/;

  it.each<[string, TestAppOptions['baseUrl']]>([
    ['baseUrl is https', 'https://site.example'],
    ['the function baseUrl returns https', () => Promise.resolve('https://site.example')],
    ['every URL in the list baseUrl is https', ['https://a.example', 'https://b.example']],
  ])('cookie downgrade: sets a secure login cookie on http when %s', async (_, baseUrl) => {
    const [cookie] = await cookiesOf({ baseUrl }, 'dev/login?redirectUri=com.example.app:/callback');
    expect(cookie).toMatch(SECURE);
  });

  it('cookie downgrade: sets a secure login cookie on http when the redirect URI is https', async () => {
    const redirectUri = encodeURIComponent('https://site.example/auth/dev/callback');
    const [cookie] = await cookiesOf({}, `dev/login?redirectUri=${redirectUri}`);
    expect(cookie).toMatch(SECURE);
  });

  it('cookie injection: a cookie that can be set without TLS does not finish a login of https', async () => {
    app = await testApp({ clients: { dev: dev() }, ...kind.options() });
    const browser = new Visitor(() => app);
    const redirectUri = encodeURIComponent('https://site.example/auth/dev/callback');
    const page = await browser.get(`${app.url}/auth/dev/login?redirectUri=${redirectUri}`, { follow: false });
    const state = new URL(page.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const session = page.headers.getSetCookie().filter((cookie) => !cookie.includes('oauth_'));
    const [login = ''] = page.headers.getSetCookie().filter((cookie) => cookie.includes('oauth_'));
    const [, name = '', value = ''] = /^__Host-(oauth_[\w-]+)=([^;]+)/.exec(login) ?? [];
    const victim = new Visitor(() => app);
    for (const cookie of [...session, `${name}=${value}; Path=/`]) await victim.jar.setCookie(cookie, app.url);
    expect((await victim.callback({ code: 'attackers-code', state })).json()).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
  });
});
