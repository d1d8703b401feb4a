import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AxiosAdapter } from 'axios';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import type { ClientRegistration, OAuth2App } from 'nestjs-oauth-client';
import { metadataOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const PROVIDER_KEY = await generateKeyPair('RS256');
const JWK = { ...(await exportJWK(PROVIDER_KEY.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' };

describe('a provider with metadata', () => {
  let provider: ScriptedProvider;
  let app: TestApp;
  let visitor: Visitor;
  let nonce: string | null;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    visitor = new Visitor(() => app);
    provider.on('GET /.well-known/openid-configuration', () => ({ json: metadata() }));
    provider.on('GET /jwks', () => ({ json: { keys: [JWK] } }));
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  function metadata(): object {
    return metadataOf(provider, {
      jwks_uri: `${provider.url}/jwks`,
      revocation_endpoint: `${provider.url}/revoke`,
      introspection_endpoint: `${provider.url}/introspect`,
    });
  }

  async function start(settings: object = {}, http?: { timeout: number }): Promise<OAuth2App> {
    const dev = {
      clientId: 'dev',
      clientSecret: 'dev-secret',
      serverMetadataUrl: `${provider.url}/.well-known/openid-configuration`,
      clientKwargs: { scope: 'openid profile' },
      ...settings,
    } as ClientRegistration;
    app = await testApp({ clients: { dev }, http });
    return app.registry.get<OAuth2App>('dev');
  }

  function idTokenOf(claims: Record<string, unknown>, signWith: CryptoKey = PROVIDER_KEY.privateKey): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: provider.url, aud: 'dev', sub: 'ada', iat: now, exp: now + 60, ...claims };
    return new SignJWT(all).setProtectedHeader({ alg: 'RS256', kid: 'k' }).sign(signWith);
  }

  async function signIn(claims: JWTPayload = {}, signWith: CryptoKey = PROVIDER_KEY.privateKey) {
    const { location, state } = await visitor.login();
    nonce = location.searchParams.get('nonce');
    const idToken = await idTokenOf({ nonce, ...claims }, signWith);
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer', id_token: idToken } }));
    const response = await visitor.callback({ code: 'c', state });
    return { status: response.status, body: response.json() as Record<string, unknown> };
  }

  it('signs users in without endpoints in the settings, and returns the claims of the id_token', async () => {
    await start();
    const { status, body } = await signIn({ name: 'Ada' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ token: { accessToken: 'a' }, userInfo: { sub: 'ada', name: 'Ada' } });
    expect(body.userInfo).not.toHaveProperty('nonce');
  });

  it('reads the metadata once for concurrent callers', async () => {
    const dev = await start();
    await Promise.all([1, 2, 3].map(() => dev.createAuthorizationUrl()));
    expect(provider.requests.filter(({ path }) => path.startsWith('/.well-known'))).toHaveLength(1);
  });

  it('reads the metadata again after a failure', async () => {
    const dev = await start();
    provider.on('GET /.well-known/openid-configuration', () => ({ status: 500 }));
    await expect(dev.createAuthorizationUrl()).rejects.toMatchObject({ status: 502 });
    provider.on('GET /.well-known/openid-configuration', () => ({ json: metadata() }));
    expect((await dev.createAuthorizationUrl()).url).toContain('/authorize');
  });

  describe('metadata are cached', () => {
    afterEach(() => {
      jest.useRealTimers();
    });

    function timesRead(): number {
      return provider.requests.filter(({ path }) => path.startsWith('/.well-known')).length;
    }

    async function readAfter(minutes: number, cacheControl?: string): Promise<number> {
      const headers: Record<string, string> = cacheControl === undefined ? {} : { 'cache-control': cacheControl };
      provider.on('GET /.well-known/openid-configuration', () => ({ headers, json: metadata() }));
      const dev = await start();
      jest.useFakeTimers({ now: Date.now(), doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask'] });
      await dev.createAuthorizationUrl();
      jest.setSystemTime(Date.now() + minutes * 60_000);
      await dev.createAuthorizationUrl();
      return timesRead();
    }

    it.each([
      ['for an hour', 59, undefined, 1],
      ['for no more than an hour', 61, undefined, 2],
      ['as long as its Cache-Control says', 9, 'public, max-age=600', 1],
      ['no longer than its Cache-Control says', 11, 'public, max-age=600', 2],
      ['for five minutes at least', 4, 'max-age=0', 1],
      ['for a day at most', 24 * 60 + 1, 'max-age=31536000', 2],
    ])('the metadata are cached %s', async (_, minutes, cacheControl, times) => {
      expect(await readAfter(minutes, cacheControl)).toBe(times);
    });

    it('reads the metadata again every minute while the provider is down, and uses the last copy', async () => {
      const dev = await start();
      jest.useFakeTimers({ now: Date.now(), doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask'] });
      await dev.createAuthorizationUrl();
      provider.on('GET /.well-known/openid-configuration', () => ({ status: 503 }));
      jest.setSystemTime(Date.now() + 2 * 60 * 60_000);
      for (const times of [2, 2]) {
        expect((await dev.createAuthorizationUrl()).url).toContain('/authorize');
        expect(timesRead()).toBe(times);
      }
      jest.setSystemTime(Date.now() + 61_000);
      await dev.createAuthorizationUrl();
      expect(timesRead()).toBe(3);
    });
  });

  it('endpoints in the settings override the metadata', async () => {
    const dev = await start({ authorizeUrl: 'https://other.example/authorize' });
    expect((await dev.createAuthorizationUrl()).url).toMatch(/^https:\/\/other\.example\/authorize\?/);
  });

  it('reads metadata of RFC 8414 for an issuer with a path', async () => {
    const issuer = `${provider.url}/tenant`;
    provider.on('GET /.well-known/oauth-authorization-server/tenant', () => ({ json: { ...metadata(), issuer } }));
    const dev = await start({ serverMetadataUrl: `${provider.url}/.well-known/oauth-authorization-server/tenant` });
    expect((await dev.createAuthorizationUrl()).url).toContain('/authorize');
  });

  it('reads metadata at any URL with allow_issuer_impersonation', async () => {
    provider.on('GET /metadata.json', () => ({ json: metadata() }));
    const dev = await start({ serverMetadataUrl: `${provider.url}/metadata.json`, allowIssuerImpersonation: true });
    expect((await dev.createAuthorizationUrl()).url).toContain('/authorize');
  });

  it.each([
    ['another issuer', { issuer: 'https://evil.example' }],
    ['no issuer', { issuer: undefined }],
  ])('refuses metadata with %s', async (_, change) => {
    provider.on('GET /.well-known/openid-configuration', () => ({ json: { ...metadata(), ...change } }));
    const dev = await start();
    await expect(dev.createAuthorizationUrl()).rejects.toThrow(/server metadata .* is not usable: .*issuer/);
  });

  it.each([undefined, 'javascript:alert(1)'])(
    'refuses metadata with the authorization endpoint %s',
    async (endpoint) => {
      provider.on('GET /.well-known/openid-configuration', () => ({
        json: { ...metadata(), authorization_endpoint: endpoint },
      }));
      const dev = await start();
      await expect(dev.createAuthorizationUrl()).rejects.toThrow(/have a usable authorization_endpoint/);
    },
  );

  it.each([
    ['another issuer', { iss: 'https://evil.example' }],
    ['another audience', { aud: 'other' }],
    ['another nonce', { nonce: 'other' }],
    ['no nonce', { nonce: undefined }],
    ['an expiry in the past', { exp: 1 }],
    ['no subject', { sub: undefined }],
  ])('refuses an id_token with %s', async (_, claims) => {
    await start();
    const { status, body } = await signIn(claims);
    expect([status, body.error]).toEqual([502, 'token_invalid']);
  });

  it('refuses an id_token that is signed with another key', async () => {
    await start();
    const { privateKey } = await generateKeyPair('RS256');
    const { status, body } = await signIn({}, privateKey);
    expect([status, body.error]).toEqual([502, 'token_invalid']);
  });

  it('refuses a callback with another iss (RFC 9207)', async () => {
    await start();
    const { state } = await visitor.login();
    const response = await visitor.visit(`dev/callback?code=c&state=${state}&iss=https://evil.example`);
    expect(response.status).toBe(400);
    expect(response.json()).toMatchObject({ error_description: expect.stringContaining(provider.url) });
  });

  it('refuses a callback without iss when the metadata announce it (RFC 9207)', async () => {
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: { ...metadata(), authorization_response_iss_parameter_supported: true },
    }));
    await start();
    expect((await signIn()).status).toBe(400);
  });

  it('revokes the refresh token, or the access token without one, and runs the hook', async () => {
    provider.on('POST /revoke', () => ({ status: 200 }));
    const dev = await start({
      complianceFix: (session: { registerComplianceHook: (name: string, hook: unknown) => void }) =>
        session.registerComplianceHook('revoke_token_request', (request: { body: URLSearchParams }) => {
          request.body.set('extra', '1');
          return request;
        }),
    });
    await dev.revokeToken({ token: { accessToken: 'a', refreshToken: 'r' } });
    await dev.revokeToken({ token: { accessToken: 'a' } });
    const forms = provider.requests
      .filter(({ path }) => path === '/revoke')
      .map(({ body }) => Object.fromEntries(new URLSearchParams(body.toString())));
    expect(forms).toEqual([
      { token: 'r', token_type_hint: 'refresh_token', extra: '1' },
      { token: 'a', token_type_hint: 'access_token', extra: '1' },
    ]);
    provider.on('POST /revoke', () => ({ status: 503 }));
    await expect(dev.revokeToken({ token: { accessToken: 'a' } })).rejects.toMatchObject({ status: 502 });
  });

  it('introspects an access token, and runs the hook', async () => {
    provider.on('POST /introspect', () => ({ json: { active: true, sub: 'ada' } }));
    const dev = await start({
      complianceFix: (session: { registerComplianceHook: (name: string, hook: unknown) => void }) =>
        session.registerComplianceHook('introspect_token_request', (request: { headers: object }) => ({
          ...request,
          headers: { ...request.headers, 'x-extra': '1' },
        })),
    });
    expect(await dev.introspectToken({ token: { accessToken: 'a' } })).toMatchObject({ active: true, sub: 'ada' });
    expect(provider.requests.at(-1)?.headers['x-extra']).toBe('1');
    provider.on('POST /introspect', () => ({
      json: { active: true, exp: 1_790_000_000_000, iat: '2026-09-21T14:13:20Z', nbf: 'soon' },
    }));
    const { exp, iat, nbf } = await dev.introspectToken({ token: { accessToken: 'a' } });
    expect([exp, iat, nbf]).toEqual([1_790_000_000, 1_790_000_000, undefined]);
    provider.on('POST /introspect', () => ({ json: { yes: true } }));
    await expect(dev.introspectToken({ token: { accessToken: 'a' } })).rejects.toMatchObject({
      error: 'token_invalid',
    });
  });

  it('throws when the metadata have no revocation endpoint', async () => {
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: { ...metadata(), revocation_endpoint: undefined },
    }));
    const dev = await start();
    await expect(dev.revokeToken({ token: { accessToken: 'a' } })).rejects.toThrow(/usable revocation_endpoint/);
  });

  describe('settings with an issuer and no metadata URL', () => {
    it('reads the metadata at the well-known URL', async () => {
      const dev = await start({ serverMetadataUrl: undefined, issuer: provider.url });
      expect((await dev.createAuthorizationUrl()).url).toContain('/authorize');
      expect((await signIn({ name: 'Ada' })).body).toMatchObject({ userInfo: { name: 'Ada' } });
    });

    it('reads the metadata of RFC 8414 when there are no OpenID metadata', async () => {
      const issuer = `${provider.url}/tenant`;
      provider.on('GET /.well-known/oauth-authorization-server/tenant', () => ({ json: { ...metadata(), issuer } }));
      const dev = await start({ serverMetadataUrl: undefined, issuer });
      expect((await dev.createAuthorizationUrl()).url).toContain('/authorize');
      expect(provider.requests.map(({ path }) => path)).toEqual([
        '/tenant/.well-known/openid-configuration',
        '/.well-known/oauth-authorization-server/tenant',
      ]);
    });

    it('refuses an issuer that differs by a slash', async () => {
      const dev = await start({ serverMetadataUrl: undefined, issuer: `${provider.url}/` });
      await expect(dev.createAuthorizationUrl()).rejects.toThrow(
        `its issuer is "${provider.url}", expected "${provider.url}/"`,
      );
    });

    it('accepts an issuer with a slash at the end', async () => {
      provider.on('GET /.well-known/openid-configuration', () => ({
        json: { ...metadata(), issuer: `${provider.url}/` },
      }));
      const dev = await start();
      expect((await dev.createAuthorizationUrl()).url).toContain('/authorize');
    });

    it('reads no metadata when the settings have the keys and the endpoints', async () => {
      await start({
        serverMetadataUrl: undefined,
        issuer: provider.url,
        jwksUri: `${provider.url}/jwks`,
        allowIssuerImpersonation: true,
        authorizeUrl: `${provider.url}/authorize`,
        accessTokenUrl: `${provider.url}/token`,
      });
      expect((await signIn({ name: 'Ada' })).body).toMatchObject({ userInfo: { name: 'Ada' } });
      expect(provider.requests.map(({ path }) => path)).toEqual(['/token', '/jwks']);
    });
  });

  it('ignores http endpoints in the metadata unless allow_insecure_http is set', async () => {
    const answer = {
      issuer: 'https://p.test',
      authorization_endpoint: 'http://p.test/a',
      token_endpoint: 'https://p.test/t',
    };
    const secure = async (config: object) => ({
      data: JSON.stringify(answer),
      status: 200,
      headers: JSON_TYPE,
      statusText: '',
      config,
    });
    const dev = { clientId: 'dev', issuer: 'https://p.test', allowInsecureHttp: false };
    app = await testApp({ clients: { dev }, http: { adapter: secure as unknown as AxiosAdapter } });
    const begun = app.registry.get('dev').createAuthorizationUrl();
    await expect(begun).rejects.toThrow('have a usable authorization_endpoint');
  });

  it.each([undefined, ['plain', 'S256']])('uses PKCE when the metadata list the methods %j', async (methods) => {
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: { ...metadata(), code_challenge_methods_supported: methods },
    }));
    const dev = await start();
    const { url, codeVerifier } = await dev.createAuthorizationUrl();
    expect([new URL(url).searchParams.get('code_challenge_method'), codeVerifier]).toEqual([
      'S256',
      expect.any(String),
    ]);
  });

  describe('checks of the id_token', () => {
    async function signInWith(query: string, claims: JWTPayload) {
      const { location, state } = await visitor.login(`dev?${query}`);
      const { searchParams } = location;
      const idToken = await idTokenOf({ nonce: searchParams.get('nonce'), ...claims });
      provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer', id_token: idToken } }));
      return { sent: searchParams, body: (await visitor.callback({ code: 'c', state })).json() };
    }

    it('checks auth_time against max_age', async () => {
      await start();
      const now = Math.floor(Date.now() / 1000);
      expect((await signInWith('maxAge=60', { auth_time: now - 50 })).body).toHaveProperty('token');
      expect((await signInWith('max_age=60', { auth_time: now - 50 })).body).toHaveProperty('token');
      const { sent, body } = await signInWith('maxAge=60', { auth_time: now - 100 });
      expect([sent.get('max_age'), body]).toMatchObject([
        '60',
        { error_description: expect.stringMatching(/its auth_time is .*too much time/) },
      ]);
      expect((await signInWith('maxAge=60', {})).body).toMatchObject({
        error_description: expect.stringMatching(/"auth_time".*missing/),
      });
    });

    it('checks acr against acr_values', async () => {
      await start();
      const { sent, body } = await signInWith('acrValues=gold%20silver', { acr: 'silver' });
      expect([sent.get('acr_values'), body]).toMatchObject(['gold silver', { token: {} }]);
      for (const [claims, received] of [
        [{ acr: 'bronze' }, '"bronze"'],
        [{}, 'nobody'],
      ] as const) {
        const { body: refusal } = await signInWith('acrValues=gold', claims);
        expect(refusal).toMatchObject({
          error_description: `id_token has the acr ${received}, expected one of ["gold"]`,
        });
      }
    });

    it('checks the id_token against authorize_params of the client', async () => {
      await start({ authorizeParams: { max_age: 60, acr_values: 'gold', claims: { id_token: { email: null } } } });
      const now = Math.floor(Date.now() / 1000);
      const { sent, body } = await signInWith('', { auth_time: now, acr: 'gold' });
      expect(body).toHaveProperty('token');
      expect(JSON.parse(sent.get('claims') ?? '')).toEqual({ id_token: { email: null } });
      expect((await signInWith('', { auth_time: now })).body).toMatchObject({ error: 'token_invalid' });
    });
  });

  it('accepts a clock difference up to clock_tolerance', async () => {
    await start({ clockTolerance: 5 });
    const now = Math.floor(Date.now() / 1000);
    expect((await signIn({ exp: now - 3 })).status).toBe(200);
    expect((await signIn({ exp: now - 10 })).body).toMatchObject({
      error_description: expect.stringContaining('clock_tolerance 5 s'),
    });
    expect((await signIn({ iat: now + 60 })).body).toMatchObject({
      error_description: expect.stringContaining('was issued at'),
    });
  });

  describe('the userinfo endpoint', () => {
    beforeEach(() => {
      provider.on('GET /.well-known/openid-configuration', () => ({
        json: { ...metadata(), userinfo_endpoint: `${provider.url}/userinfo` },
      }));
      provider.on('GET /userinfo', ({ headers }) => ({
        json: { sub: 'ada', email: 'ada@example.org', seen: headers.authorization },
      }));
    });

    it('returns the claims for a token, or for the user of a request', async () => {
      const dev = await start({ fetchToken: () => ({ access_token: 'kept' }) });
      expect(await dev.userinfo({ token: { accessToken: 'a' } })).toEqual({
        sub: 'ada',
        email: 'ada@example.org',
        seen: 'Bearer a',
      });
      expect(await dev.userinfo({ token: { access_token: 'b' } })).toMatchObject({ seen: 'Bearer b' });
      expect(await dev.userinfo({ request: { method: 'GET' } })).toMatchObject({ seen: 'Bearer kept' });
    });

    it('refuses userinfo about another user than the id_token', async () => {
      const dev = await start();
      const idToken = await idTokenOf({ sub: 'grace' });
      await expect(dev.userinfo({ token: { accessToken: 'a', idToken } })).rejects.toThrow(
        'the "sub" of the userinfo is "ada", expected "grace"',
      );
    });

    it('accepts a response that a hook normalizes', async () => {
      provider.on('GET /userinfo', () => ({ json: { id: 4711, login: 'octocat' } }));
      const dev = await start({
        complianceFix: (session: { registerComplianceHook: (name: string, hook: unknown) => void }) =>
          session.registerComplianceHook('userinfo_response', (response: { data: Record<string, unknown> }) => {
            response.data.sub = String(response.data.id);
            return response;
          }),
      });
      expect(await dev.userinfo({ token: { accessToken: 'a' } })).toEqual({ sub: '4711', id: 4711, login: 'octocat' });
    });

    it.each([
      [
        'refuses',
        { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } },
        /was answered with status 401/,
      ],
      ['redirects', { status: 302, headers: { location: 'https://evil.example' } }, /was answered with status 302/],
      ['does not respond with JSON', { body: 'hello' }, /the userinfo endpoint answered 200/],
      ['sends no subject', { json: { email: 'ada@example.org' } }, /"sub"/],
    ])('throws when the userinfo endpoint %s', async (_, reply, why) => {
      provider.on('GET /userinfo', () => reply);
      const dev = await start();
      await expect(dev.userinfo({ token: { accessToken: 's3cret' } })).rejects.toThrow(why);
    });

    it.each(['never', 'drip'] as const)('throws when the response does not end in time: %s', async (reply) => {
      provider.on('GET /userinfo', () => reply);
      const dev = await start({}, { timeout: 200 });
      await expect(dev.userinfo({ token: { accessToken: 'a' } })).rejects.toMatchObject({ status: 504 });
    });

    it('throws when the metadata have no userinfo endpoint', async () => {
      provider.on('GET /.well-known/openid-configuration', () => ({ json: metadata() }));
      const dev = await start();
      await expect(dev.userinfo({ token: { accessToken: 'a' } })).rejects.toThrow('have a usable userinfo_endpoint');
    });
  });

  it('fetches a rotated key when it is used, a minute after the last fetch', async () => {
    await start();
    expect((await signIn()).status).toBe(200);
    const fresh = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(fresh.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' };
    provider.on('GET /jwks', () => ({ json: { keys: [jwk] } }));
    expect((await signIn({}, fresh.privateKey)).status).toBe(502);
    jest.useFakeTimers({
      now: Date.now() + 301_000,
      doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask'],
    });
    expect((await signIn({}, fresh.privateKey)).status).toBe(200);
    provider.on('GET /jwks', () => ({ status: 503 }));
    jest.setSystemTime(Date.now() + 301_000);
    expect((await signIn({}, fresh.privateKey)).status).toBe(200); // with the last copy of the keys
    jest.useRealTimers();
  });
});
