import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OAuth1App, OAuth2App, OAuthLoginParams } from 'nestjs-oauth-client';
import { clientOf, oauth1ClientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { bareResponse } from '../support/bare-response.js';
import { Browser } from '../support/browser.js';
import { testApp, type TestApp } from '../support/test-app.js';

const REQUEST_TOKEN = 'oauth_token=rt&oauth_token_secret=rts&oauth_callback_confirmed=true';
/** 16 characters. */
const STATE = 'sixteen-letters!';

let provider: ScriptedProvider;

beforeAll(async () => {
  provider = await startScriptedProvider();
  provider.on('POST /request-token', () => ({ body: REQUEST_TOKEN }));
  provider.on('GET /me', () => ({ json: { sub: 'ada' } }));
});

afterAll(() => provider.close());

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let site: TestApp;

  beforeEach(async () => {
    const { url } = provider;
    const dev = clientOf(
      { url },
      { userinfoEndpoint: `${url}/me`, endSessionEndpoint: `${url}/end`, clientKwargs: { scope: 'openid' } },
    );
    const old = oauth1ClientOf({ url });
    site = await testApp({ platform, clients: { dev, old } });
  });

  afterEach(() => site.close());

  async function begin(query: string, route = 'dev/login') {
    const { status, headers, text } = await new Browser().get(`${site.url}/auth/${route}?${query}`, { follow: false });
    return { status, location: headers.get('location') ?? '', body: text };
  }

  it.each(['', '1', 'x'.repeat(15), 'x'.repeat(1_025)])('CSRF: refuses a state of %j from a query', async (state) => {
    for (const route of ['dev/login', 'dev/logout']) {
      const { status, body } = await begin(new URLSearchParams({ state }).toString(), route);
      expect([status, JSON.parse(body)]).toMatchObject([400, { error: 'invalid_state' }]);
    }
  });

  it('CSRF: refuses a query with two states', async () => {
    const { status, body } = await begin(`state=${STATE}&state=${STATE}`);
    expect([status, JSON.parse(body)]).toMatchObject([400, { error: 'invalid_state' }]);
  });

  it.each(['', '1', 'x'.repeat(15)])('replay: refuses a nonce of %j from a query', async (nonce) => {
    const { status, body } = await begin(new URLSearchParams({ nonce }).toString());
    expect([status, JSON.parse(body)]).toMatchObject([400, { error: 'invalid_nonce' }]);
  });

  it('accepts a state and a nonce of 16 characters', async () => {
    const { location } = await begin(new URLSearchParams({ state: STATE, nonce: STATE }).toString());
    const { searchParams } = new URL(location);
    expect([searchParams.get('state'), searchParams.get('nonce')]).toEqual([STATE, STATE]);
  });

  it.each([
    'maxAge=soon',
    'maxAge=-1',
    'maxAge=',
    'maxAge=NaN',
    'maxAge=Infinity',
    'maxAge=1&maxAge=2',
    'max_age=soon',
    'prompt=a&prompt=b',
    'loginHint=a&loginHint=b',
    'login_hint=a&login_hint=b',
    'responseMode=a&responseMode=b',
    'response_type=a&response_type=b',
    'claims=text',
    'dpopKey=text',
    'authorizationDetails=text',
    'codeVerifier=a&codeVerifier=b',
    'request_uri=urn:ietf:params:oauth:request_uri:attackers',
    'request=e30.e30.',
    'code_verifier=leaked',
    `extra=${'x'.repeat(8_193)}`,
  ])('refuses a login link with %s', async (query) => {
    const { status, body } = await begin(query);
    expect([status, JSON.parse(body)]).toMatchObject([400, { error: 'invalid_login_parameter' }]);
  });

  it.each(['fragment', 'FRAGMENT', 'web_message', 'okta_post_message', 'none', 'fragment.jwt'])(
    'refuses the response_mode %s, whose response never reaches the server',
    async (mode) => {
      const { status, body } = await begin(`response_mode=${mode}`);
      expect([status, JSON.parse(body)]).toMatchObject([500, { error: 'unsupported_response_type' }]);
    },
  );

  it('an empty redirect URI in a query does not replace the configured one', async () => {
    const { searchParams } = new URL((await begin('redirectUri=')).location);
    expect(searchParams.get('redirect_uri')).toMatch(/\/auth\/dev\/callback$/);
  });

  it('accepts a numeric string as maxAge', async () => {
    expect(new URL((await begin('maxAge=60')).location).searchParams.get('max_age')).toBe('60');
  });

  it('a login with OAuth 1 sends no key, verifier or nonce, and no callback URL of the login link', async () => {
    const query = new URLSearchParams({
      dpopKey: 'k',
      codeVerifier: 'v',
      nonce: 'n',
      state: 's',
      maxAge: '1',
      loginHint: 'a',
      idTokenHint: 't',
      acrValues: 'a',
      claims: 'c',
      authorizationDetails: 'd',
      responseType: 't',
      responseMode: 'm',
      resource: 'r',
      oauth_callback: 'https://evil.example',
      oauth_token: 'attackers',
      scope: 'read',
      name: 'My app',
    });
    const { location } = await begin(query.toString(), 'old/login');
    expect(Object.fromEntries(new URL(location).searchParams)).toEqual({
      scope: 'read',
      name: 'My app',
      oauth_token: 'rt',
    });
  });

  it('a login with OAuth 1 limits its parameters', async () => {
    expect((await begin('x=1&x=2', 'old/login')).status).toBe(302);
    expect((await begin(`x=${'y'.repeat(8_193)}`, 'old/login')).status).toBe(400);
  });

  describe('with the methods of an app', () => {
    function app(): OAuth2App {
      return site.registry.get<OAuth2App>('dev');
    }

    it('a logout link does not change the client id', async () => {
      const { url } = await app().createLogoutUrl({ client_id: 'evil' });
      expect(new URL(url).searchParams.getAll('client_id')).toEqual([app().clientId]);
    });

    it.each([
      { acrValues: { a: 1 } },
      { acr_values: { a: 1 } },
      { acrValues: ['a', 7] },
      { scope: { a: 1 } },
      { resource: 7 },
      { maxAge: NaN },
      { maxAge: Infinity },
      { maxAge: {} },
      { prompt: {} },
      { idTokenHint: 7 },
      { claims: [] },
      { dpopKey: [] },
      { authorizationDetails: {} },
      { codeVerifier: 7 },
      { extra: () => 'x' },
      { extra: Symbol('x') },
      { extra: 1n },
      { client_secret: 'x' },
      Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`k${index}`, 'x'])),
    ])('refuses login parameters of the wrong type before it sends a request: %p', async (params) => {
      const asked = app().createAuthorizationUrl('https://app.test/cb', params as OAuthLoginParams);
      await expect(asked).rejects.toMatchObject({ error: 'invalid_login_parameter', status: 400 });
    });

    it('replaces a state of null by a random state', async () => {
      const { state } = await app().createAuthorizationUrl('https://app.test/cb', { state: null as never });
      expect(state).toMatch(/^[\w-]{43}$/);
    });

    it.each(['', undefined])('does not keep a login under a state of %j', async (state) => {
      const kept = app().saveAuthorizeData({ session: {} }, bareResponse(), { state: state! });
      await expect(kept).rejects.toMatchObject({ error: 'invalid_state', status: 500 });
    });

    it.each(['text', 7, ['a'], true])('refuses %j as the login parameters', async (params) => {
      for (const name of ['dev', 'old']) {
        const client = site.registry.get<OAuth1App>(name);
        const refusal = { error: 'invalid_login_parameter', status: 500 };
        await expect(client.authorizeRedirect({}, bareResponse(), undefined, params as never)).rejects.toMatchObject(
          refusal,
        );
        await expect(client.createAuthorizationUrl(undefined, params as never)).rejects.toMatchObject(refusal);
      }
      await expect(app().logoutRedirect({}, bareResponse(), params as never)).rejects.toMatchObject({ status: 500 });
    });

    it.each([{ idTokenHint: 7 }, { logoutHint: [] }, { uiLocales: {} }, { extra: () => 'x' }])(
      'refuses logout parameters of the wrong type: %p',
      async (params) => {
        await expect(app().createLogoutUrl(params as never)).rejects.toMatchObject({
          error: 'invalid_login_parameter',
        });
      },
    );

    it('userinfo() does not accept a request as a token', async () => {
      const request = { method: 'GET', accessToken: 'of the attacker', user: { id: 1 } };
      const wrong = [
        request,
        { accessToken: 'a' },
        { access_token: 'a' },
        {},
        { token: undefined },
        null,
        'token',
        undefined,
      ];
      for (const source of [...wrong, { user: { id: 1 } }, { token: { accessToken: 'a' }, method: 'GET' }]) {
        await expect(app().userinfo(source as never)).rejects.toMatchObject({
          error: 'invalid_request',
          status: 500,
          message: expect.stringContaining('{ token }, { request } or { user'),
        });
      }
      expect(provider.requests.some(({ path }) => path === '/me')).toBe(false);
      expect(await app().userinfo({ token: { accessToken: 'a' } })).toEqual({ sub: 'ada' });
      provider.requests.length = 0;
    });
  });
});
