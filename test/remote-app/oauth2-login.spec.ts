import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { ClientRegistration } from 'nestjs-oauth-client';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp, type TestAppOptions } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const TOKEN = { access_token: 'a', token_type: 'Bearer', expires_in: 3600, refresh_token: 'r', scope: 'profile' };

/** A valid state. */
const STATE = 'a state of the application';

describe('a login with OAuth 2', () => {
  let provider: ScriptedProvider;
  let app: TestApp;
  let visitor: Visitor;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: TOKEN }));
    visitor = new Visitor(() => app);
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  async function start(settings: ClientRegistration = {}, options: Partial<TestAppOptions> = {}): Promise<void> {
    const client = clientOf(provider);
    app = await testApp({ clients: { dev: { ...client, ...settings } }, ...options });
  }

  function tokenRequest(): URLSearchParams {
    return new URLSearchParams(provider.requests.findLast(({ path }) => path === '/token')?.body.toString());
  }

  it('redirects to the authorization endpoint, and exchanges the code of the callback', async () => {
    await start();
    const { origin, pathname, searchParams } = (await visitor.login()).location;
    expect(origin + pathname).toBe(`${provider.url}/authorize`);
    expect(Object.fromEntries(searchParams)).toEqual({
      response_type: 'code',
      client_id: 'dev',
      redirect_uri: `${app.url}/auth/dev/callback`,
      state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });

    const response = await visitor.callback({ code: 'foo', state: searchParams.get('state') ?? '' });
    const now = Math.floor(Date.now() / 1000);
    expect(response.json()).toEqual({
      token: {
        accessToken: 'a',
        tokenType: 'bearer',
        refreshToken: 'r',
        scope: 'profile',
        expiresAt: expect.any(Number),
        expiresIn: 3600,
        issuer: `${provider.url}/token`,
        clientId: 'dev',
      },
      returnTo: '/',
    });
    const { expiresAt } = (response.json() as { token: { expiresAt: number } }).token;
    expect(Math.abs(expiresAt - now - 3600)).toBeLessThan(3);
    expect(Object.fromEntries(tokenRequest())).toEqual({
      grant_type: 'authorization_code',
      code: 'foo',
      redirect_uri: `${app.url}/auth/dev/callback`,
      code_verifier: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it('responds to a denied login with the provider’s error and status 403', async () => {
    await start();
    const { state } = await visitor.login();
    const response = await visitor.callback({
      error: 'access_denied',
      error_description: 'Not Allowed',
      error_uri: 'https://provider.test/why',
      state,
    });
    expect(response.status).toBe(403);
    expect(response.json()).toEqual({
      error: 'access_denied',
      error_description: 'Not Allowed',
      error_uri: 'https://provider.test/why',
      reference: expect.any(String),
    });
    expect((await visitor.callback({ code: 'foo', state })).json()).toMatchObject({ error: 'mismatching_state' });
  });

  it.each([
    ['server_error', 502],
    ['temporarily_unavailable', 502],
    ['login_required', 403],
    ['invalid_scope', 400],
  ])('responds to the error %s with status %i', async (error, status) => {
    await start();
    const { state } = await visitor.login();
    expect((await visitor.callback({ error, state })).status).toBe(status);
  });

  it('sends an S256 code challenge and its verifier for a public client', async () => {
    await start({ clientSecret: null });
    const { searchParams } = (await visitor.login()).location;
    expect(searchParams.get('code_challenge_method')).toBe('S256');
    await visitor.callback({ code: 'foo', state: searchParams.get('state') ?? '' });
    const verifier = tokenRequest().get('code_verifier') ?? '';
    expect(verifier).toMatch(/^[\w-]{43}$/);
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(searchParams.get('code_challenge'));
  });

  it('uses a given state and code verifier', async () => {
    await start({ codeChallengeMethod: 'S256' });
    const codeVerifier = 'v'.repeat(43);
    const { searchParams } = (await visitor.login(`dev?state=${STATE}&codeVerifier=${codeVerifier}`)).location;
    expect(searchParams.get('state')).toBe(STATE);
    expect(searchParams.get('code_challenge')).toBe(createHash('sha256').update(codeVerifier).digest('base64url'));
    expect(searchParams.has('codeVerifier')).toBe(false);
    await visitor.callback({ code: 'foo', state: STATE });
    expect(tokenRequest().get('code_verifier')).toBe(codeVerifier);
  });

  it.each(['short', 'v'.repeat(129), `${'v'.repeat(43)}!`])('refuses the code verifier %s', async (codeVerifier) => {
    await start({ codeChallengeMethod: 'S256' });
    const response = await visitor.visit(`dev/login?codeVerifier=${codeVerifier}`, { follow: false });
    expect(response.status).toBe(500);
    expect(response.json()).toMatchObject({ error: 'invalid_code_verifier' });
  });

  it('sends a nonce with the scope openid', async () => {
    await start({ clientKwargs: { scope: ['openid', 'profile'] } });
    const { searchParams } = (await visitor.login()).location;
    expect(searchParams.get('scope')).toBe('openid profile');
    expect(searchParams.get('nonce')).toMatch(/^[\w-]{43}$/);
  });

  it('sends no nonce without the scope openid', async () => {
    await start({ clientKwargs: { scope: 'profile' } });
    expect((await visitor.login()).location.searchParams.has('nonce')).toBe(false);
  });

  it('accepts a callback with a form POST', async () => {
    await start({ authorizeParams: { response_mode: 'form_post' } });
    const { searchParams } = (await visitor.login('dev?next=/there')).location;
    expect(searchParams.get('response_mode')).toBe('form_post');
    const response = await visitor.post(`${app.url}/auth/dev/callback`, {
      code: 'foo',
      state: searchParams.get('state') ?? '',
    });
    expect(response.json()).toMatchObject({ token: { accessToken: 'a' }, returnTo: '/there' });
  });

  it('sends authorize_params, overridden by the parameters of the login', async () => {
    await start({ authorizeParams: { access_type: 'offline', prompt: 'consent' }, clientKwargs: { scope: 'a' } });
    const { searchParams } = (await visitor.login('dev?prompt=none&loginHint=ada@example.org&scope=b&custom=1'))
      .location;
    expect(Object.fromEntries(searchParams)).toMatchObject({
      access_type: 'offline',
      prompt: 'none',
      login_hint: 'ada@example.org',
      scope: 'b',
      custom: '1',
    });
  });

  it('keeps the query of authorize_url', async () => {
    await start({ authorizeUrl: `${provider.url}/authorize?foo=bar` });
    expect((await visitor.login()).location.searchParams.get('foo')).toBe('bar');
  });

  it('adds access_token_params to the token request', async () => {
    await start({ accessTokenParams: { audience: 'api' } });
    await visitor.signIn('code=foo');
    expect(tokenRequest().get('audience')).toBe('api');
  });

  it('resolves a relative redirect URI against baseUrl', async () => {
    await start({}, { baseUrl: 'https://site.example' });
    expect((await visitor.login()).location.searchParams.get('redirect_uri')).toBe(
      'https://site.example/auth/dev/callback',
    );
  });

  it('responds with 400 to a callback without a code', async () => {
    await start();
    const response = await visitor.callback({ state: (await visitor.login()).state });
    expect(response.status).toBe(400);
    expect(response.json()).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('code'),
    });
  });

  it('responds with 401 to an API call with an expired token and no refresh token', async () => {
    await start();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer', expires_in: 0.1 } }));
    await visitor.signIn('code=foo');
    const response = await visitor.visit('dev/api/me');
    expect(response.status).toBe(401);
    expect(response.json()).toMatchObject({ error: 'token_expired' });
  });

  describe('client authentication', () => {
    async function tokenRequestOf(settings: ClientRegistration): Promise<{ form: URLSearchParams; header?: string }> {
      await start(settings);
      await visitor.signIn('code=foo');
      const header = provider.requests.findLast(({ path }) => path === '/token')?.headers.authorization;
      return { form: tokenRequest(), header };
    }

    it('uses client_secret_basic with a secret', async () => {
      const { form, header } = await tokenRequestOf({ clientId: 'a b', clientSecret: 'c:d' });
      expect(header).toBe(`Basic ${Buffer.from('a+b:c%3Ad').toString('base64')}`);
      expect(form.has('client_secret')).toBe(false);
    });

    it('uses none without a secret', async () => {
      const { form, header } = await tokenRequestOf({ clientSecret: null });
      expect(header).toBeUndefined();
      expect(form.get('client_id')).toBe('dev');
    });

    it('uses client_secret_post if it is set', async () => {
      const { form, header } = await tokenRequestOf({
        client_kwargs: { token_endpoint_auth_method: 'client_secret_post' },
      });
      expect(header).toBeUndefined();
      expect(Object.fromEntries(form)).toMatchObject({ client_id: 'dev', client_secret: 'dev-secret' });
    });

    it('uses a custom method', async () => {
      await start({
        clientKwargs: { tokenEndpointAuthMethod: 'client_secret_uri' },
        complianceFix: (session) =>
          session.registerClientAuthMethod('client_secret_uri', (request, { clientId, clientSecret = '' }) => {
            const url = new URL(request.url);
            url.searchParams.set('client_id', clientId);
            url.searchParams.set('client_secret', clientSecret);
            return { ...request, url: url.href };
          }),
      });
      await visitor.signIn('code=foo');
      const request = provider.requests.findLast(({ path }) => path === '/token');
      expect(request?.url).toBe('/token?client_id=dev&client_secret=dev-secret');
      expect(request?.headers.authorization).toBeUndefined();
    });
  });

  describe('errors of the token endpoint', () => {
    async function answer(
      reply: object,
    ): Promise<{ status: number; body: { error: string; error_description: string } }> {
      await start();
      provider.on('POST /token', () => reply);
      const response = await visitor.signIn('code=foo');
      return { status: response.status, body: response.json() as { error: string; error_description: string } };
    }

    it('reports a refused code', async () => {
      const { status, body } = await answer({
        status: 400,
        json: { error: 'invalid_grant', error_description: 'used' },
      });
      expect({ status, body }).toEqual({
        status: 400,
        body: { error: 'invalid_grant', error_description: 'used', reference: expect.any(String) },
      });
    });

    it('reports an error with status 200 (GitHub)', async () => {
      const { status, body } = await answer({ json: { error: 'bad_verification_code', error_description: 'expired' } });
      expect({ status, body }).toEqual({
        status: 502,
        body: { error: 'bad_verification_code', error_description: 'expired', reference: expect.any(String) },
      });
    });

    it('reports a refused client, also with a WWW-Authenticate header', async () => {
      const headers = { 'www-authenticate': 'Basic realm="x"' };
      const { status, body } = await answer({ status: 401, headers, json: { error: 'invalid_client' } });
      expect(status).toBe(502);
      expect(body.error).toBe('invalid_client');
    });

    it('reports a response without an OAuth error', async () => {
      const { status, body } = await answer({ status: 500, body: 'oops', headers: { 'content-type': 'text/plain' } });
      expect(status).toBe(502);
      expect(body).toEqual({
        error: 'provider_unavailable',
        error_description: 'the token endpoint answered 500 text/plain, 4 characters',
        reference: expect.any(String),
      });
    });

    it('reports a token of another type', async () => {
      const { status, body } = await answer({ json: { access_token: 'a', token_type: 'mac' } });
      expect(status).toBe(502);
      expect(body.error).toBe('unsupported_token_type');
    });

    it('reports a response without a token', async () => {
      const { status, body } = await answer({ json: { token_type: 'bearer' } });
      expect(status).toBe(502);
      expect(body).toMatchObject({
        error: 'token_invalid',
        error_description: expect.stringContaining('access_token'),
      });
    });
  });

  it('ignores the case of the token type', async () => {
    await start();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'BEARER' } }));
    const response = await visitor.signIn('code=foo');
    expect(response.json()).toMatchObject({ token: { tokenType: 'bearer' } });
  });

  it('accepts expires_in in a string, and drops empty and invalid fields', async () => {
    await start();
    const answers = [
      { access_token: 'a', token_type: 'bearer', expires_in: '60', refresh_token: null, scope: '' },
      { access_token: 'a', token_type: 'bearer', expires_in: 'soon' },
    ];
    provider.on('POST /token', () => ({ json: answers.shift() }));
    const first = await visitor.signIn('code=foo');
    expect(first.json()).toMatchObject({ token: { expiresAt: expect.any(Number) } });
    expect(Object.keys((first.json() as { token: object }).token)).toEqual([
      'accessToken',
      'tokenType',
      'expiresAt',
      'expiresIn',
      'issuer',
      'clientId',
    ]);
    const second = await visitor.signIn('code=foo');
    const bound = { issuer: `${provider.url}/token`, clientId: 'dev' };
    expect(second.json()).toEqual({ token: { accessToken: 'a', tokenType: 'bearer', ...bound }, returnTo: '/' });
  });

  it('keeps an id_token that cannot be verified as it is', async () => {
    await start({ clientKwargs: { scope: 'openid' } });
    provider.on('POST /token', () => ({ json: { ...TOKEN, id_token: 'x.y.z' } }));
    const response = await visitor.signIn('code=foo');
    expect(response.json()).toMatchObject({ token: { idToken: 'x.y.z' } });
    expect(response.json()).not.toHaveProperty('userInfo');
  });

  it('responds with 404 to an unknown provider in the route', async () => {
    await start();
    const response = await visitor.visit('nobody/login', { follow: false });
    expect(response.status).toBe(404);
    expect(response.json()).toMatchObject({ error: 'unknown_provider' });
  });

  it('reads the user from userinfo_endpoint, normalized by the hook', async () => {
    provider.on('GET /user', ({ headers }) => ({ json: { id: 4711, login: 'octocat', seen: headers.authorization } }));
    await start({
      userinfoEndpoint: `${provider.url}/user`,
      userInfoFrom: 'userinfo',
      complianceFix: (session) =>
        session.registerComplianceHook('userinfo_response', (response) => {
          response.data.sub = String(response.data.id);
          return response;
        }),
    });
    const { state } = await visitor.login();
    const { userInfo } = (await visitor.callback({ code: 'c', state })).json() as { userInfo?: object };
    expect(userInfo).toEqual({ sub: '4711', id: 4711, login: 'octocat', seen: 'Bearer a' });
  });
});
