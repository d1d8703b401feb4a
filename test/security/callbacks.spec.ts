import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { ClientRegistration } from 'nestjs-oauth-client';
import { clientOf, discoveringClientOf, metadataOf, oauth1ClientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser, type Page } from '../support/browser.js';
import type { SiteApp } from '../support/openid-site.js';
import { startStateApp } from '../support/state-app.js';
import { describeEveryKind } from './kinds.js';

const PRIVATE = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' };

/** Returns an unsigned JWT. */
function unsigned(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.`;
}

describeEveryKind((kind) => {
  let provider: ScriptedProvider;
  let app: SiteApp;
  let browser: Browser;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
    provider.on('POST /request-token', () => ({
      body: 'oauth_token=request-token-of-ada&oauth_token_secret=s&oauth_callback_confirmed=true',
    }));
    provider.on('POST /access-token', () => ({ body: 'oauth_token=at&oauth_token_secret=ats' }));
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: metadataOf(provider, { end_session_endpoint: `${provider.url}/end`, jwks_uri: `${provider.url}/jwks` }),
    }));
    provider.on('GET /jwks', () => ({ json: { keys: [] } }));
    const plain = clientOf(provider);
    const clients: Record<string, ClientRegistration> = {
      dev: plain,
      oidc: discoveringClientOf(provider),
      old: oauth1ClientOf(provider),
    };
    app = await startStateApp({ clients, ...(await kind.options()) });
    browser = new Browser();
  });

  afterEach(async () => {
    await app.close();
    await kind.close();
    await provider.close();
  });

  async function begin(name = 'dev', query = ''): Promise<string> {
    const { headers } = await browser.get(`${app.url}/auth/${name}/login?${query}`, { follow: false });
    const { searchParams } = new URL(headers.get('location') ?? '');
    return searchParams.get('state') ?? searchParams.get('oauth_token') ?? '';
  }

  function callback(query: string, name = 'dev'): Promise<Page> {
    return browser.get(`${app.url}/auth/${name}/callback?${query}`, { follow: false });
  }

  const STRANGE = { error: 'mismatching_state' };

  it('content spoofing: an error callback without a pending login shows nothing of its URL', async () => {
    const links = ['', '&state=', '&state=made-up-by-the-attacker', '&state[]=a'];
    for (const state of links) {
      for (const name of ['dev', 'oidc']) {
        const query = `error=access_denied&error_description=Call+555-1234&error_uri=https://evil.example${state}`;
        const { status, text } = await callback(query, name);
        expect(status).toBe(400);
        expect(text).not.toMatch(/555|evil|access_denied/);
      }
    }
    const denied = await callback('denied=attackers-request-token', 'old');
    expect([denied.status, denied.json()]).toEqual([400, expect.objectContaining(STRANGE)]);
    const problem = await callback('oauth_problem=user_refused&oauth_problem_advice=evil', 'old');
    expect([problem.status, problem.text.includes('evil')]).toEqual([400, false]);
  });

  it('an error callback with the state of another browser does not end the login of that browser', async () => {
    const state = await begin();
    const victim = browser;
    browser = new Browser();
    await begin();
    expect((await callback(`error=access_denied&state=${state}`)).json()).toMatchObject(STRANGE);
    browser = victim;
    expect((await callback(`code=c&state=${state}`)).status).toBe(200);
  });

  it('a JWT response without a pending login is not verified, and fetches no keys', async () => {
    const claims = { iss: provider.url, aud: 'id', exp: 9e9, state: 'made-up-by-the-attacker', error: 'evil' };
    await begin('oidc');
    for (const response of [unsigned(claims), unsigned({}), 'x.y.z', 'a.b.c.d.e', `${unsigned(claims)}x`, '..']) {
      const { status, text } = await callback(`response=${response}`, 'oidc');
      expect([status, JSON.parse(text)]).toEqual([400, expect.objectContaining(STRANGE)]);
      expect(text).not.toContain('evil');
    }
    expect(provider.requests.map(({ path }) => path)).not.toContain('/jwks');
  });

  it('reports an error callback of a pending login once', async () => {
    for (const name of ['dev', 'oidc']) {
      const state = await begin(name);
      const query = `error=access_denied&state=${state}`;
      expect((await callback(query, name)).json()).toMatchObject({ error: 'access_denied' });
      expect((await callback(query, name)).json()).toMatchObject(STRANGE);
    }
    const requestToken = await begin('old');
    expect((await callback(`denied=${requestToken}`, 'old')).status).toBe(403);
    expect((await callback(`oauth_token=${requestToken}&oauth_verifier=v`, 'old')).json()).toMatchObject(STRANGE);
  });

  it('login and logout routes send no-store and no-referrer', async () => {
    const state = await begin();
    const answers = [
      await callback(`code=c&state=${state}`),
      await callback(`code=c&state=${state}`),
      await callback('error=x'),
      await callback('code[]=c&code[]=d'),
      await browser.get(`${app.url}/auth/dev/login`, { follow: false }),
      await browser.get(`${app.url}/auth/dev/login?next=//evil.example`, { follow: false }),
      await browser.get(`${app.url}/auth/oidc/logout`, { follow: false }),
      await browser.get(`${app.url}/auth/oidc/signed-out?state=none`),
      await browser.get(`${app.url}/auth/nobody/callback?code=c`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 400, 400, 302, 400, 302, 400, 404]);
    for (const { headers } of answers) expect(Object.fromEntries(headers)).toMatchObject(PRIVATE);
  });

  it('cookie flooding: an image or frame of another site cannot begin a login or evict a pending login', async () => {
    const state = await begin();
    for (const destination of ['image', 'script', 'iframe', 'frame', 'empty', 'embed']) {
      for (const site of ['cross-site', 'same-site']) {
        const headers = { 'sec-fetch-site': site, 'sec-fetch-dest': destination };
        for (const path of ['dev/login', 'oidc/logout']) {
          const page = await browser.get(`${app.url}/auth/${path}`, { follow: false, headers });
          expect(page.status).toBe(403);
          expect(page.headers.getSetCookie().join()).not.toContain('oauth_');
        }
      }
    }
    const links: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' },
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'empty' },
      { 'sec-fetch-site': 'none', 'sec-fetch-dest': 'document' },
      {},
    ];
    for (const headers of links) {
      expect((await browser.get(`${app.url}/auth/dev/login`, { follow: false, headers })).status).toBe(302);
    }
    expect((await callback(`code=c&state=${state}`)).status).toBe(200);
  });
});
