import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { decodeJwt, decodeProtectedHeader, generateKeyPair, jwtVerify } from 'jose';
import { generateKeyPairSync, KeyObject } from 'node:crypto';
import { OAuthError, ProviderError, type OAuth2App } from 'nestjs-oauth-client';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';

const TOKEN = { access_token: 'a', token_type: 'Bearer', expires_in: 3600 };
const SIGNING = await generateKeyPair('ES256', { extractable: true });

describe('access tokens of other grants', () => {
  let provider: ScriptedProvider;
  let app: TestApp;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: TOKEN }));
    provider.on('GET /api/me', ({ headers }) => ({ json: headers.authorization }));
  });

  afterEach(async () => {
    jest.useRealTimers();
    jest.restoreAllMocks();
    await app.close();
    await provider.close();
  });

  async function start(settings: object = {}): Promise<OAuth2App> {
    const dev = clientOf(provider, { clientKwargs: { scope: 'read write' }, ...settings });
    app = await testApp({ clients: { dev } });
    return app.registry.get<OAuth2App>('dev');
  }

  function requests(): Record<string, string>[] {
    const sent = provider.requests.filter(({ path }) => path === '/token');
    return sent.map(({ body }) => Object.fromEntries(new URLSearchParams(body.toString())));
  }

  function travel(seconds: number): void {
    const real = ['nextTick', 'setImmediate', 'setTimeout', 'setInterval', 'queueMicrotask'] as const;
    jest.useFakeTimers({ now: Date.now() + seconds * 1000, doNotFake: [...real] });
  }

  describe('a machine client', () => {
    const MACHINE = { grantType: 'client_credentials', authorizeUrl: undefined, resource: 'https://api.test' };

    it('fetches its token automatically, once, and uses it until a minute before it expires', async () => {
      const dev = await start(MACHINE);
      const calls = await Promise.all(Array.from({ length: 20 }, () => dev.get('me')));
      expect(new Set(calls.map(({ data }) => data))).toEqual(new Set(['Bearer a']));
      expect(requests()).toEqual([
        { grant_type: 'client_credentials', scope: 'read write', resource: 'https://api.test' },
      ]);
      travel(3530);
      await dev.get('me');
      expect(requests()).toHaveLength(1);
      travel(20);
      provider.on('POST /token', () => ({ json: { ...TOKEN, access_token: 'b' } }));
      expect((await dev.get('me', { request: {} })).data).toBe('Bearer b');
      expect(requests()).toHaveLength(2);
    });

    it('uses a token that lives for less than a minute for half of its lifetime', async () => {
      provider.on('POST /token', () => ({ json: { ...TOKEN, expires_in: 30 } }));
      const dev = await start(MACHINE);
      await dev.get('me');
      await dev.get('me');
      expect(requests()).toHaveLength(1);
      travel(16);
      await dev.get('me');
      expect(requests()).toHaveLength(2);
    });

    it('fetches its token again after a failure', async () => {
      provider.on('POST /token', () => ({ status: 400, json: { error: 'invalid_scope' } }));
      const dev = await start(MACHINE);
      await expect(dev.get('me')).rejects.toMatchObject({ error: 'invalid_scope' });
      provider.on('POST /token', () => ({ json: TOKEN }));
      expect((await dev.get('me')).data).toBe('Bearer a');
    });

    it('uses a given token in place of its own token', async () => {
      const dev = await start(MACHINE);
      expect((await dev.get('me', { token: { access_token: 'given' } })).data).toBe('Bearer given');
      expect(requests()).toEqual([]);
    });
  });

  it('the password grant logs one warning', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const dev = await start();
    const password = { grantType: 'password', username: 'ada', password: 'lovelace' } as const;
    await dev.fetchAccessToken({ ...password, scope: ['a', 'b'] });
    await dev.fetchAccessToken({ ...password, scope: 'a b' });
    expect(requests()).toEqual(
      [1, 2].map(() => ({ grant_type: 'password', username: 'ada', password: 'lovelace', scope: 'a b' })),
    );
    expect(warn.mock.calls).toEqual([[expect.stringContaining('RFC 9700 §2.4')]]);
  });

  it('the refresh_token grant keeps fields that the response does not have', async () => {
    const dev = await start();
    const token = { accessToken: 'old', refreshToken: 'r1', idToken: 'kept' };
    expect(await dev.fetchAccessToken({ grantType: 'refresh_token', token })).toMatchObject({
      accessToken: 'a',
      refreshToken: 'r1',
      idToken: 'kept',
    });
    const without = dev.fetchAccessToken({ grantType: 'refresh_token', token: { accessToken: 'old' } });
    await expect(without).rejects.toThrow('no refresh token');
  });

  it('token exchange keeps the token type of the response', async () => {
    provider.on('POST /token', () => ({ json: { ...TOKEN, token_type: 'N_A', issued_token_type: 'urn:x:saml' } }));
    const dev = await start();
    const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange' as const;
    const exchange = { grantType, subjectToken: 's', actorToken: 't', audience: ['x', 'y'], scope: 'a' };
    expect(await dev.fetchAccessToken(exchange)).toMatchObject({
      accessToken: 'a',
      tokenType: 'n_a',
      issued_token_type: 'urn:x:saml',
    });
    const sent = new URLSearchParams(provider.requests.at(-1)?.body.toString());
    expect(sent.getAll('audience')).toEqual(['x', 'y']);
    expect(requests()[0]).toMatchObject({
      grant_type: grantType,
      subject_token: 's',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      actor_token: 't',
      actor_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
  });

  it('only token exchange accepts the token type N_A', async () => {
    provider.on('POST /token', () => ({ json: { ...TOKEN, token_type: 'N_A' } }));
    const dev = await start();
    await expect(dev.fetchAccessToken({ grantType: 'client_credentials' })).rejects.toThrow('other than "Bearer"');
  });

  describe('the JWT bearer grant', () => {
    const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

    it('sends a given assertion', async () => {
      const dev = await start();
      await dev.fetchAccessToken({ grantType, assertion: 'a.b.c' });
      expect(requests()).toEqual([{ grant_type: grantType, assertion: 'a.b.c', scope: 'read write' }]);
    });

    it('signs an assertion', async () => {
      const dev = await start({
        privateKeys: { key: KeyObject.from(SIGNING.privateKey), kid: 'k1' },
        clientAssertionAudience: 'token_endpoint',
      });
      await dev.fetchAccessToken({ grantType, claims: { sub: 'ada@example.org', scope: 'calendar' } });
      const [{ assertion = '' } = {}] = requests();
      expect(decodeProtectedHeader(assertion)).toMatchObject({ alg: 'ES256', kid: 'k1' });
      const { payload } = await jwtVerify(assertion, SIGNING.publicKey, {
        issuer: 'dev',
        audience: `${provider.url}/token`,
      });
      expect(payload).toMatchObject({ sub: 'ada@example.org', scope: 'calendar', jti: expect.any(String) });
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
    });
  });

  describe('a grant that the library does not know', () => {
    const grantType = 'urn:ietf:params:oauth:grant-type:saml2-bearer';

    it('is sent with its keys in snake_case, its params unchanged, and the scope and the resource of the settings', async () => {
      const dev = await start({ resource: 'https://api.test', accessTokenParams: { lang: 'en', method: 'GET' } });
      const request = { grantType, assertion: 'x', deviceId: 7, params: { authCode: 'c', flag: true } };
      expect(await dev.fetchAccessToken(request)).toMatchObject({ accessToken: 'a' });
      expect(requests()).toEqual([
        {
          grant_type: grantType,
          assertion: 'x',
          device_id: '7',
          authCode: 'c',
          flag: 'true',
          lang: 'en',
          scope: 'read write',
          resource: 'https://api.test',
        },
      ]);
      expect(provider.requests.at(-1)?.headers.authorization).toMatch(/^Basic /);
    });

    it('takes its own scope, resource and DPoP key', async () => {
      provider.on('POST /token', () => ({ json: { ...TOKEN, token_type: 'DPoP' } }));
      const dev = await start({ dpopBoundAccessTokens: true });
      const dpopKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
      const token = await dev.fetchAccessToken({ grantType: 'custom', scope: ['a', 'b'], resource: 'urn:r', dpopKey });
      expect(requests()).toEqual([{ grant_type: 'custom', scope: 'a b', resource: 'urn:r' }]);
      expect(token).toMatchObject({ tokenType: 'dpop', dpopKey });
      expect(decodeJwt(String(provider.requests.at(-1)?.headers.dpop))).toMatchObject({ htm: 'POST' });
    });

    it('with a typing mistake is sent, and reports the answer of the provider', async () => {
      provider.on('POST /token', () => ({ status: 400, json: { error: 'unsupported_grant_type' } }));
      const dev = await start();
      await expect(dev.fetchAccessToken({ grantType: 'clientCredentials' })).rejects.toMatchObject({
        error: 'unsupported_grant_type',
      });
      expect(requests()).toEqual([{ grant_type: 'clientCredentials', scope: 'read write' }]);
    });

    it.each([7, true, {}, ['password']])('is refused if its name is %j', async (name) => {
      const dev = await start();
      const request = { grantType: name as unknown as string };
      await expect(dev.fetchAccessToken(request)).rejects.toMatchObject({ error: 'invalid_request', status: 500 });
      expect(requests()).toEqual([]);
    });

    it.each([undefined, null, ''])('is an authorization code if its name is %j', async (name) => {
      const dev = await start();
      await dev.fetchAccessToken({ grantType: name as undefined, code: 'c', codeVerifier: 'v' });
      expect(requests()).toEqual([{ grant_type: 'authorization_code', code: 'c', code_verifier: 'v' }]);
    });
  });

  it.each(['issuer', 'token_endpoint'] as const)(
    'authenticates with a client assertion whose audience is the %s',
    async (audience) => {
      const dev = await start({
        grantType: 'client_credentials',
        clientAssertionAudience: audience,
        clientKwargs: { tokenEndpointAuthMethod: 'client_secret_jwt' },
      });
      await dev.get('me');
      const [{ client_assertion: assertion = '' } = {}] = requests();
      expect(decodeJwt(assertion)).toMatchObject({
        iss: 'dev',
        sub: 'dev',
        aud: audience === 'issuer' ? provider.url : `${provider.url}/token`,
      });
    },
  );

  it('the password grant throws the provider’s error', async () => {
    provider.on('POST /token', () => ({ status: 400, json: { error: 'invalid_grant', error_description: 'no' } }));
    const dev = await start();
    const error: unknown = await dev
      .fetchAccessToken({ grantType: 'password', username: 'u', password: 'p4ssw0rd' })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(OAuthError);
    expect(error).toMatchObject({ error: 'invalid_grant', description: 'no' });
    expect(String(error)).not.toContain('p4ssw0rd');
  });

  describe('device, backchannel and pushed authorization endpoints', () => {
    const ENDPOINTS = [
      'deviceAuthorizationEndpoint',
      'backchannelAuthenticationEndpoint',
      'pushedAuthorizationRequestEndpoint',
    ];

    async function startAt(): Promise<[string, () => Promise<unknown>][]> {
      const endpoints = Object.fromEntries(ENDPOINTS.map((name) => [name, `${provider.url}/endpoint`]));
      const dev = await start({ ...endpoints, requirePushedAuthorizationRequests: true });
      return [
        ['device authorization', () => dev.deviceAuthorization()],
        ['backchannel authentication', () => dev.backchannelAuthentication({ loginHint: 'ada' })],
        ['pushed authorization', () => dev.createAuthorizationUrl('https://app.test/callback')],
      ];
    }

    it('each endpoint reports the provider’s error, whatever the status', async () => {
      const calls = await startAt();
      for (const status of [200, 400, 401]) {
        const headers = { 'www-authenticate': 'Basic' };
        provider.on('POST /endpoint', () => ({
          status,
          headers,
          json: { error: 'invalid_client', error_description: 'who?' },
        }));
        for (const [, call] of calls) {
          await expect(call()).rejects.toMatchObject({ error: 'invalid_client', description: 'who?' });
        }
      }
    });

    it.each([
      [503, { status: 503, headers: { 'content-type': 'text/html' }, body: '<h1>down</h1>' }],
      [429, { status: 429, headers: { 'retry-after': '7' }, body: '' }],
      [404, { status: 404, json: { message: 'no such page' } }],
      [401, { status: 401, headers: { 'www-authenticate': 'Basic realm="idp"' }, body: '' }],
      [302, { status: 302, headers: { location: 'https://idp.test/maintenance?q=1' }, body: '' }],
    ])('each endpoint reports the status %s of an error that is not JSON', async (status, reply) => {
      const calls = await startAt();
      provider.on('POST /endpoint', () => reply);
      for (const [what, call] of calls) {
        const error = (await call().catch((reason: unknown) => reason)) as ProviderError;
        expect(error).toBeInstanceOf(ProviderError);
        expect(error.description).toContain(`the ${what} endpoint answered ${status} `);
        expect(error.isTemporary).toBe(status >= 429);
        expect(error.retryAfter).toBe(status === 429 ? 7 : undefined);
        if (status === 302) expect(error.description).toContain('a redirect to https://idp.test/maintenance');
      }
    });

    it('each endpoint accepts JSON of any content type, with any 2xx status', async () => {
      const calls = await startAt();
      const terms = { expires_in: '600', device_code: 'd', user_code: 'u', verification_uri: 'https://p.test' };
      const body = JSON.stringify({ ...terms, auth_req_id: 'r', request_uri: 'urn:x:1' });
      for (const status of [200, 201, 202]) {
        provider.on('POST /endpoint', () => ({ status, headers: { 'content-type': 'text/plain' }, body }));
        for (const [, call] of calls) await expect(call()).resolves.toBeDefined();
      }
    });

    it('a pushed authorization request accepts any lifetime of the request_uri', async () => {
      const calls = await startAt();
      const [, push] = calls.find(([what]) => what === 'pushed authorization') ?? [];
      for (const lifetime of [undefined, null, 'soon', '90', -1, {}]) {
        provider.on('POST /endpoint', () => ({ status: 201, json: { request_uri: 'urn:x:1', expires_in: lifetime } }));
        await expect(push?.()).resolves.toMatchObject({ url: expect.stringContaining('request_uri=urn%3Ax%3A1') });
      }
    });

    it.each([
      ['is not JSON', { status: 201, body: 'hello' }],
      ['has other fields', { status: 201, json: { hello: 'world' } }],
    ])('each endpoint refuses a response that %s', async (_, reply) => {
      const calls = await startAt();
      provider.on('POST /endpoint', () => reply);
      for (const [what, call] of calls) {
        await expect(call()).rejects.toMatchObject({ error: 'token_invalid', message: expect.stringContaining(what) });
      }
    });
  });

  it('a DPoP-bound token requires a private key that can sign', async () => {
    const dev = await start();
    const x25519 = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
    const right = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
    const { d: _, ...publicHalf } = right;
    for (const dpopKey of [{ kty: 'EC' }, { kty: 'oct', k: 'AAAA' }, x25519, publicHalf]) {
      const call = dev.get('me', { token: { accessToken: 'a', tokenType: 'dpop', dpopKey } });
      await expect(call).rejects.toThrow('the dpopKey of the token is no private JWK that signs');
    }
    const token = { accessToken: 'a', tokenType: 'dpop', dpopKey: right };
    expect((await dev.get('me', { token })).data).toBe('DPoP a'); // although its public half was refused
  });
});
