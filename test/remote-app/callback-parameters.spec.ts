import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OAuth1App, OAuth2App, type LoginResult } from 'nestjs-oauth-client';
import { clientOf, oauth1ClientOf } from '../providers/client-of.js';
import { startConformanceProvider } from '../providers/conformance-provider.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser, type Page } from '../support/browser.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

let results: LoginResult[] = [];

/** Keeps the results of its logins for the tests. */
class Recorded2 extends OAuth2App {
  override async completeLogin(...call: Parameters<OAuth2App['completeLogin']>) {
    const result = await super.completeLogin(...call);
    results.push(result);
    return result;
  }
}
class Recorded1 extends OAuth1App {
  override async completeLogin(...call: Parameters<OAuth1App['completeLogin']>) {
    const result = await super.completeLogin(...call);
    results.push(result);
    return result;
  }
}

const ADA = '{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"ada@example.org"}';

describe.each(['express', 'fastify'] as const)('callback parameters, on %s', (platform) => {
  let provider: ScriptedProvider;
  let app: TestApp;
  let visitor: Visitor;
  let answer: Record<string, unknown>;

  beforeEach(async () => {
    results = [];
    answer = { access_token: 'a', token_type: 'bearer', refresh_token: 'r' };
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: answer }));
    provider.on('POST /request-token', () => ({
      body: 'oauth_token=rt&oauth_token_secret=rts&oauth_callback_confirmed=true',
    }));
    provider.on('POST /access-token', () => ({ body: 'oauth_token=at&oauth_token_secret=ats&user_id=7' }));
    const callbackParameters = ['realmId', 'shop', 'accounts-server', 'user'];
    app = await testApp({
      platform,
      exposeErrors: true,
      clients: {
        dev: { ...clientOf(provider, { callbackParameters }), appClass: Recorded2 },
        plain: clientOf(provider),
        vk: clientOf(provider, { tokenRequest: { callbackParameters: ['device_id', 'state'] } }),
        old: {
          ...oauth1ClientOf(provider, { callbackParameters: [...callbackParameters, 'user_id'] }),
          appClass: Recorded1,
        },
      },
    });
    visitor = new Visitor(() => app);
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  function tokenIn(page: Page): Record<string, unknown> {
    expect(page.status).toBeLessThan(300);
    return (page.json() as { token: Record<string, unknown> }).token;
  }

  it('become fields of the token and are in the result of the login', async () => {
    const page = await visitor.signIn('code=c&realmId=123&accounts-server=https%3A%2F%2Faccounts.zoho.eu&other=x');
    const callback = { realmId: '123', 'accounts-server': 'https://accounts.zoho.eu' };
    const token = tokenIn(page);
    expect(token).toMatchObject({ accessToken: 'a', ...callback });
    expect(token).not.toHaveProperty('other');
    expect(results[0]?.callback).toEqual(callback);
  });

  it('are read from a form post', async () => {
    const { state } = await visitor.login('dev?response_mode=form_post');
    const page = await visitor.post(`${app.url}/auth/dev/callback?realmId=query`, { code: 'c', state, realmId: '9' });
    expect(tokenIn(page)).toMatchObject({ realmId: '9' });
  });

  it('do not replace a field of the token response', async () => {
    answer = { ...answer, realmId: 'of the response' };
    expect(tokenIn(await visitor.signIn('code=c&realmId=of-the-callback'))).toMatchObject({
      realmId: 'of the response',
    });
    expect(results[0]?.callback).toEqual({ realmId: 'of-the-callback' });
  });

  it('stay in the token after a refresh', async () => {
    const token = tokenIn(await visitor.signIn('code=c&realmId=123'));
    answer = { access_token: 'b', token_type: 'bearer' };
    const stored = { ...token, accessToken: 'a', refreshToken: 'r' };
    const refreshed = await app.registry
      .get<OAuth2App>('dev')
      .fetchAccessToken({ grantType: 'refresh_token', token: stored });
    expect(refreshed).toMatchObject({ accessToken: 'b', realmId: '123' });
  });

  it.each([ADA, ` ${ADA}`, '["Ada"]', '"Ada"', '{'])(
    'are not kept in the token if they are JSON text: %s',
    async (user) => {
      const token = tokenIn(await visitor.signIn(`code=c&realmId=1&user=${encodeURIComponent(user)}`));
      expect(token).toMatchObject({ realmId: '1' });
      expect(token).not.toHaveProperty('user');
      expect(results[0]?.callback).toEqual({ realmId: '1', user });
    },
  );

  it('are absent if they are missing or empty', async () => {
    const token = tokenIn(await visitor.signIn('code=c&realmId='));
    expect(Object.keys(token)).not.toContain('realmId');
    expect(results[0]?.callback).toEqual({});
  });

  it('are ignored if the settings do not name them', async () => {
    expect(tokenIn(await visitor.signIn('code=c&realmId=1', 'plain'))).not.toHaveProperty('realmId');
  });

  it('are kept up to 4,096 characters', async () => {
    const realmId = 'x'.repeat(4_096);
    expect(tokenIn(await visitor.signIn(`code=c&realmId=${realmId}`))).toMatchObject({ realmId });
  });

  it.each([
    ['is longer than 4,096 characters', `realmId=${'x'.repeat(4_097)}`],
    ['has a line break', 'realmId=a%0Ab'],
    ['has U+0000', 'realmId=a%00'],
    ['has a C1 control character', 'realmId=a%C2%85'],
    ['occurs twice', 'realmId=1&realmId=2'],
  ])('refuse the callback if one %s, and use neither the code nor the login', async (_, query) => {
    const { state } = await visitor.login();
    const page = await visitor.callback(`state=${state}&code=c&${query}`);
    expect([page.status, page.json()]).toMatchObject([400, { error: 'invalid_request' }]);
    expect(page.text).toContain('realmId');
    expect(provider.requests).toEqual([]);
    expect((await visitor.callback({ state, code: 'c' })).json()).toMatchObject({ error: 'mismatching_state' });
  });

  it('are not read before the state is checked', async () => {
    await visitor.login();
    const page = await visitor.callback('state=of-another-browser&code=c&realmId=1&realmId=2');
    expect(page.json()).toMatchObject({ error: 'mismatching_state' });
  });

  it('do not hide an error of the provider', async () => {
    const page = await visitor.signIn('error=access_denied&realmId=1&realmId=2');
    expect(page.json()).toMatchObject({ error: 'access_denied' });
  });

  it('of tokenRequest are sent with the code, and are not kept', async () => {
    const { state } = await visitor.login('vk');
    const token = tokenIn(await visitor.callback({ code: 'c', state, device_id: 'phone 1' }, 'vk'));
    const sent = new URLSearchParams(provider.requests.at(-1)?.body.toString());
    expect(Object.fromEntries(sent)).toMatchObject({ code: 'c', device_id: 'phone 1', state });
    expect(Object.keys(token)).not.toContain('device_id');
  });

  it('of tokenRequest refuse the callback if one is not valid', async () => {
    const page = await visitor.signIn('code=c&device_id=a%0d%0ab', 'vk');
    expect([page.status, provider.requests.length]).toEqual([400, 0]);
  });

  it('become fields of an OAuth 1 token', async () => {
    const page = await visitor.callback('oauth_token=rt&oauth_verifier=v', 'old');
    expect(page.status).toBe(400); // no login has begun
    await visitor.login('old');
    const query = `oauth_token=rt&oauth_verifier=v&shop=a.example&user_id=8&user=${encodeURIComponent(ADA)}`;
    const token = tokenIn(await visitor.callback(query, 'old'));
    expect(token).toMatchObject({ oauthToken: 'at', shop: 'a.example', user_id: '7' });
    expect(token).not.toHaveProperty('user');
    expect(results[0]?.callback).toEqual({ shop: 'a.example', user_id: '8', user: ADA });
  });

  it('refuse the callback of OAuth 1 if one occurs twice, before the access token is requested', async () => {
    await visitor.login('old');
    const page = await visitor.callback('oauth_token=rt&oauth_verifier=v&shop=a&shop=b', 'old');
    expect([page.status, page.json()]).toMatchObject([400, { error: 'invalid_request' }]);
    expect(provider.requests.map(({ path }) => path)).not.toContain('/access-token');
  });
});

describe('callback parameters of a signed response (JARM)', () => {
  it('come from the signed response only', async () => {
    const provider = await startConformanceProvider('RS256', {
      authorizationResponse: (response) => ({ ...response, realmId: 'signed' }),
    });
    const rp = {
      clientId: 'rp',
      clientSecret: 'a secret',
      issuer: provider.url,
      authorizeParams: { response_mode: 'query.jwt' },
      callbackParameters: ['realmId', 'shop'],
      tokenRequest: { callbackParameters: ['device_id', 'state'] },
      clientKwargs: { scope: 'openid' },
    };
    const app = await testApp({ clients: { rp }, withBaseUrl: true });
    try {
      const browser = new Browser();
      const login = await browser.get(`${app.url}/auth/rp/login`, { follow: false });
      const authorized = await browser.get(login.headers.get('location') ?? '', { follow: false });
      const forged = '&realmId=forged&shop=forged&device_id=forged&state=forged';
      const page = await browser.get(`${authorized.headers.get('location')}${forged}`);
      const { token } = page.json() as { token: Record<string, unknown> };
      expect(token).toMatchObject({ realmId: 'signed' });
      expect(token).not.toHaveProperty('shop');
      const sent = provider.seen.find(({ path }) => path === '/token')?.parameters;
      expect(sent).not.toHaveProperty('device_id');
      expect(sent?.state).toBe(new URL(login.headers.get('location') ?? '').searchParams.get('state'));
    } finally {
      await app.close();
      await provider.close();
    }
  });
});
