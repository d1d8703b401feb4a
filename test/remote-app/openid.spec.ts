import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import type { ClientRegistration, OAuth2App } from 'nestjs-oauth-client';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser } from '../support/browser.js';
import { startLoginApp, type LoginApp } from '../support/login-app.js';

const PROVIDER_KEY = await generateKeyPair('RS256');
const JWK = { ...(await exportJWK(PROVIDER_KEY.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' };

describe('a provider with metadata', () => {
  let provider: ScriptedProvider;
  let app: LoginApp;
  let browser: Browser;
  let nonce: string | null;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    browser = new Browser();
    provider.on('GET /.well-known/openid-configuration', () => ({ json: metadata() }));
    provider.on('GET /jwks', () => ({ json: { keys: [JWK] } }));
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  function metadata(): object {
    return {
      issuer: provider.url,
      authorization_endpoint: `${provider.url}/authorize`,
      token_endpoint: `${provider.url}/token`,
      jwks_uri: `${provider.url}/jwks`,
      revocation_endpoint: `${provider.url}/revoke`,
      introspection_endpoint: `${provider.url}/introspect`,
    };
  }

  async function start(settings: object = {}): Promise<OAuth2App> {
    const dev = {
      clientId: 'dev',
      clientSecret: 'dev-secret',
      serverMetadataUrl: `${provider.url}/.well-known/openid-configuration`,
      clientKwargs: { scope: 'openid profile' },
      ...settings,
    } as ClientRegistration;
    app = await startLoginApp({ clients: { dev } });
    return app.registry.get<OAuth2App>('dev');
  }

  async function signIn(claims: JWTPayload = {}, signWith: CryptoKey = PROVIDER_KEY.privateKey) {
    const { headers } = await browser.get(`${app.url}/auth/dev/login`, { follow: false });
    const { searchParams } = new URL(headers.get('location') ?? '');
    nonce = searchParams.get('nonce');
    const now = Math.floor(Date.now() / 1000);
    const idToken = await new SignJWT({
      iss: provider.url,
      aud: 'dev',
      sub: 'ada',
      iat: now,
      exp: now + 60,
      nonce,
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .sign(signWith);
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer', id_token: idToken } }));
    const state = searchParams.get('state') ?? '';
    const response = await browser.get(`${app.url}/auth/dev/callback?code=c&state=${state}`);
    return { status: response.status, body: response.json() as Record<string, unknown> };
  }

  it('needs no endpoints in the settings, and gives the claims of the id_token', async () => {
    await start();
    const { status, body } = await signIn({ name: 'Ada' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ token: { accessToken: 'a' }, userInfo: { sub: 'ada', name: 'Ada' } });
    expect(body.userInfo).not.toHaveProperty('nonce');
  });

  it('is asked once, however many ask at once', async () => {
    const dev = await start();
    await Promise.all([1, 2, 3].map(() => dev.createAuthorizationUrl()));
    expect(provider.requests.filter(({ path }) => path.startsWith('/.well-known'))).toHaveLength(1);
  });

  it('is asked again after it failed', async () => {
    const dev = await start();
    provider.on('GET /.well-known/openid-configuration', () => ({ status: 500 }));
    await expect(dev.createAuthorizationUrl()).rejects.toMatchObject({ status: 502 });
    provider.on('GET /.well-known/openid-configuration', () => ({ json: metadata() }));
    expect((await dev.createAuthorizationUrl()).url).toContain('/authorize');
  });

  describe('is used', () => {
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
      ['for an hour and no more', 61, undefined, 2],
      ['as long as its Cache-Control says', 9, 'public, max-age=600', 1],
      ['no longer than its Cache-Control says', 11, 'public, max-age=600', 2],
      ['for five minutes at least', 4, 'max-age=0', 1],
      ['for a day at most', 24 * 60 + 1, 'max-age=31536000', 2],
    ])('%s', async (_, minutes, cacheControl, times) => {
      expect(await readAfter(minutes, cacheControl)).toBe(times);
    });

    it('in its last good copy while the provider is down, which is asked again a minute later', async () => {
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

  it('yields to endpoints that the settings name', async () => {
    const dev = await start({ authorizeUrl: 'https://other.example/authorize' });
    expect((await dev.createAuthorizationUrl()).url).toMatch(/^https:\/\/other\.example\/authorize\?/);
  });

  it('may be of RFC 8414, for an issuer with a path', async () => {
    const issuer = `${provider.url}/tenant`;
    provider.on('GET /.well-known/oauth-authorization-server/tenant', () => ({ json: { ...metadata(), issuer } }));
    const dev = await start({ serverMetadataUrl: `${provider.url}/.well-known/oauth-authorization-server/tenant` });
    expect((await dev.createAuthorizationUrl()).url).toContain('/authorize');
  });

  it('may be anywhere', async () => {
    provider.on('GET /metadata.json', () => ({ json: metadata() }));
    const dev = await start({ serverMetadataUrl: `${provider.url}/metadata.json` });
    expect((await dev.createAuthorizationUrl()).url).toContain('/authorize');
  });

  it.each([
    ['another issuer', { issuer: 'https://evil.example' }],
    ['no issuer', { issuer: undefined }],
  ])('is refused with %s', async (_, change) => {
    provider.on('GET /.well-known/openid-configuration', () => ({ json: { ...metadata(), ...change } }));
    const dev = await start();
    await expect(dev.createAuthorizationUrl()).rejects.toThrow(/server metadata .* is refused: .*issuer/);
  });

  it.each([undefined, 'javascript:alert(1)'])('is refused with %s for its authorisation endpoint', async (endpoint) => {
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: { ...metadata(), authorization_endpoint: endpoint },
    }));
    const dev = await start();
    await expect(dev.createAuthorizationUrl()).rejects.toThrow(/have a usable authorization_endpoint/);
  });

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

  it('refuses an id_token signed with another key', async () => {
    await start();
    const { privateKey } = await generateKeyPair('RS256');
    const { status, body } = await signIn({}, privateKey);
    expect([status, body.error]).toEqual([502, 'token_invalid']);
  });

  it('refuses a callback whose iss is another (RFC 9207)', async () => {
    await start();
    const { headers } = await browser.get(`${app.url}/auth/dev/login`, { follow: false });
    const state = new URL(headers.get('location') ?? '').searchParams.get('state') ?? '';
    const response = await browser.get(`${app.url}/auth/dev/callback?code=c&state=${state}&iss=https://evil.example`);
    expect(response.status).toBe(400);
    expect(response.json()).toMatchObject({ error_description: expect.stringContaining(provider.url) });
  });

  it('refuses a callback without iss where the metadata promises one (RFC 9207)', async () => {
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: { ...metadata(), authorization_response_iss_parameter_supported: true },
    }));
    await start();
    expect((await signIn()).status).toBe(400);
  });

  it('revokes the refresh token, or else the access token, through its hook', async () => {
    provider.on('POST /revoke', () => ({ status: 200 }));
    const dev = await start({
      complianceFix: (session: { registerComplianceHook: (name: string, hook: unknown) => void }) =>
        session.registerComplianceHook('revoke_token_request', (request: { body: URLSearchParams }) => {
          request.body.set('extra', '1');
          return request;
        }),
    });
    await dev.revokeToken({ accessToken: 'a', refreshToken: 'r' });
    await dev.revokeToken({ accessToken: 'a' });
    const forms = provider.requests
      .filter(({ path }) => path === '/revoke')
      .map(({ body }) => Object.fromEntries(new URLSearchParams(body.toString())));
    expect(forms).toEqual([
      { token: 'r', token_type_hint: 'refresh_token', extra: '1' },
      { token: 'a', token_type_hint: 'access_token', extra: '1' },
    ]);
    provider.on('POST /revoke', () => ({ status: 503 }));
    await expect(dev.revokeToken({ accessToken: 'a' })).rejects.toMatchObject({ status: 502 });
  });

  it('introspects an access token through its hook', async () => {
    provider.on('POST /introspect', () => ({ json: { active: true, sub: 'ada' } }));
    const dev = await start({
      complianceFix: (session: { registerComplianceHook: (name: string, hook: unknown) => void }) =>
        session.registerComplianceHook('introspect_token_request', (request: { headers: object }) => ({
          ...request,
          headers: { ...request.headers, 'x-extra': '1' },
        })),
    });
    expect(await dev.introspectToken({ accessToken: 'a' })).toMatchObject({ active: true, sub: 'ada' });
    expect(provider.requests.at(-1)?.headers['x-extra']).toBe('1');
    provider.on('POST /introspect', () => ({ json: { yes: true } }));
    await expect(dev.introspectToken({ accessToken: 'a' })).rejects.toMatchObject({ error: 'token_invalid' });
  });

  it('cannot revoke where there is no revocation endpoint', async () => {
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: { ...metadata(), revocation_endpoint: undefined },
    }));
    const dev = await start();
    await expect(dev.revokeToken({ accessToken: 'a' })).rejects.toThrow(/usable revocation_endpoint/);
  });
});
