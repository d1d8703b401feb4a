import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser, type Page } from '../support/browser.js';
import { startLoginApp } from '../support/login-app.js';
import type { SiteApp } from '../support/openid-site.js';
import { startStateApp, type StateAppOptions } from '../support/state-app.js';
import { describeEveryKind } from './kinds.js';

let provider: ScriptedProvider;
let app: SiteApp;

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

async function begin(browser: Browser, path = 'dev/login'): Promise<string> {
  const { headers } = await browser.get(`${app.url}/auth/${path}`, { follow: false });
  return new URL(headers.get('location') ?? '').searchParams.get('state') ?? '';
}

function callback(browser: Browser, state: string): Promise<Page> {
  return browser.get(`${app.url}/auth/dev/callback?code=attackers-code&state=${state}`);
}

/** Returns a browser that has some cookies of another browser. */
async function plant(from: Browser, name: (key: string) => boolean): Promise<Browser> {
  const browser = new Browser();
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
    app = await startStateApp({ platform, clients: { dev: dev() } });
    const attacker = new Browser();
    const state = await begin(attacker);
    const victim = await plant(attacker, isSession);
    expect((await callback(victim, state)).json()).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
    expect((await callback(attacker, state)).status).toBe(200); // the attacker's browser can
  });

  it('login CSRF: the victim’s cookie of another login does not finish a planted login', async () => {
    app = await startStateApp({ platform, clients: { dev: dev() } });
    const attacker = new Browser();
    const state = await begin(attacker);
    const victim = await plant(attacker, isSession);
    await begin(victim);
    const [own] = (await victim.jar.getCookies(app.url)).filter(({ key }) => !isSession(key));
    const [wanted] = (await attacker.jar.getCookies(app.url)).filter(({ key }) => !isSession(key));
    await victim.jar.setCookie(`${wanted?.key}=${own?.value}; Path=/`, app.url);
    expect((await callback(victim, state)).json()).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
  });
});

describe.each(['express-session', 'cookie-session'] as const)('with %s', (session) => {
  it('session fixation: regenerateSession() drops a planted login', async () => {
    app = await startLoginApp({
      session,
      clients: { dev: dev({ endSessionEndpoint: `${provider.url}/end` }) },
    });
    const attacker = new Browser();
    const state = await begin(attacker);
    const victim = await plant(attacker, isSession);
    // this route calls regenerateSession(), as a route that signs users in should do
    const regenerated = await victim.get(`${app.url}/auth/dev/logout`, { follow: false });
    expect(regenerated.status).toBe(302);
    expect((await callback(victim, state)).json()).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
  });

  it('forced logout: an image of another site does not end the session', async () => {
    app = await startLoginApp({ session, clients: { dev: dev({ endSessionEndpoint: `${provider.url}/end` }) } });
    const browser = new Browser();
    const state = await begin(browser);
    expect((await callback(browser, state)).status).toBe(200);
    provider.on('GET /me', () => ({ json: { is: 'signed in' } }));
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' };
    const image = await browser.get(`${app.url}/auth/dev/logout`, { follow: false, headers });
    expect([image.status, image.headers.getSetCookie()]).toEqual([403, []]);
    expect((await browser.get(`${app.url}/api/dev/me`)).json()).toEqual({ is: 'signed in' });
  });

  it('replay: a copy of all cookies does not finish a login again', async () => {
    app = await startLoginApp({ session, clients: { dev: dev() } });
    const browser = new Browser();
    const state = await begin(browser);
    const copy = await plant(browser, () => true);
    expect((await callback(browser, state)).status).toBe(200);
    for (const replaying of [copy, browser]) {
      expect((await callback(replaying, state)).json()).toMatchObject(REFUSED);
    }
    expect(tokenRequests()).toBe(1);
  });
});

describeEveryKind((kind) => {
  afterEach(() => kind.close());

  /** Returns the cookies that a login sets, behind a proxy that terminates TLS and sends no X-Forwarded-Proto. */
  async function cookiesOf(options: Partial<StateAppOptions>, path = 'dev/login'): Promise<string[]> {
    app = await startStateApp({ clients: { dev: dev() }, ...options, ...(await kind.options()) });
    const page = await new Browser().get(`${app.url}/auth/${path}`, { follow: false });
    expect(page.status).toBe(302);
    return page.headers.getSetCookie().filter((cookie) => cookie.includes('oauth_'));
  }

  const SECURE = /^__Host-oauth_[\w-]+=[^;]+; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=(Lax|None)$/;

  it('cookie downgrade: sets a secure login cookie on http when baseUrl is https', async () => {
    const [cookie] = await cookiesOf({ baseUrl: 'https://site.example' });
    expect(cookie).toMatch(SECURE);
  });

  it('cookie downgrade: sets a secure login cookie on http when the redirect URI is https', async () => {
    const redirectUri = encodeURIComponent('https://site.example/auth/dev/callback');
    const [cookie] = await cookiesOf({}, `dev/login?redirectUri=${redirectUri}`);
    expect(cookie).toMatch(SECURE);
  });

  it('cookie injection: a cookie that can be set without TLS does not finish a login of https', async () => {
    app = await startStateApp({ clients: { dev: dev() }, ...(await kind.options()) });
    const browser = new Browser();
    const redirectUri = encodeURIComponent('https://site.example/auth/dev/callback');
    const page = await browser.get(`${app.url}/auth/dev/login?redirectUri=${redirectUri}`, { follow: false });
    const state = new URL(page.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const session = page.headers.getSetCookie().filter((cookie) => !cookie.includes('oauth_'));
    const [login = ''] = page.headers.getSetCookie().filter((cookie) => cookie.includes('oauth_'));
    const [, name = '', value = ''] = /^__Host-(oauth_[\w-]+)=([^;]+)/.exec(login) ?? [];
    const victim = new Browser();
    for (const cookie of [...session, `${name}=${value}; Path=/`]) await victim.jar.setCookie(cookie, app.url);
    expect((await callback(victim, state)).json()).toMatchObject(REFUSED);
    expect(tokenRequests()).toBe(0);
  });
});
