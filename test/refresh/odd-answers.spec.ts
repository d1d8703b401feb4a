import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import type { ComplianceFix, OAuth2App, OAuth2Token } from 'nestjs-oauth-client';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { registryWith } from '../config/registry-with.js';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { newKey, privateJwk, publicJwk } from '../support/keys.js';

const ADA = { name: 'dev', user: 'ada' };
const PROVIDER_KEY = newKey('P-256');
const OTHER_KEY = newKey('P-256');
/** The expired token of ada. The provider accepts its refresh token once. */
const EXPIRED = { accessToken: 'a1', tokenType: 'bearer', refreshToken: 'r1', expiresAt: 1 };
const ROTATED = { access_token: 'a2', token_type: 'Bearer', refresh_token: 'r2', expires_in: 3600 };

let provider: ScriptedProvider;
let store: MemoryTokenStore;
let warn: jest.SpiedFunction<Logger['warn']>;

beforeEach(async () => {
  provider = await startScriptedProvider();
  provider.on('GET /user', ({ headers }) => ({ json: { seen: headers.authorization } }));
  store = new MemoryTokenStore();
  warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
});

afterEach(async () => {
  warn.mockRestore();
  await provider.close();
});

async function start(settings: object = {}): Promise<OAuth2App> {
  const dev = clientOf(provider, { apiBaseUrl: provider.url, ...settings });
  return (await registryWith({ options: { tokenStore: store, clients: { dev } } })).get<OAuth2App>('dev');
}

/** Responds to each refresh with the next pair of tokens and these fields. A used refresh token is refused. */
function rotate(fields: object, format: (json: object) => object = (json) => ({ json })): void {
  let current = 'r1';
  let refreshes = 1;
  provider.on('POST /token', ({ body }) => {
    if (new URLSearchParams(body.toString()).get('refresh_token') !== current) {
      return { status: 400, json: { error: 'invalid_grant' } };
    }
    refreshes += 1;
    current = `r${refreshes}`;
    return format({ ...ROTATED, access_token: `a${refreshes}`, refresh_token: current, ...fields });
  });
}

async function stored(): Promise<OAuth2Token> {
  return (await store.fetch(ADA))?.token as OAuth2Token;
}

/** Calls the API for ada, and returns the `Authorization` header that the API received. */
async function sentBy(dev: OAuth2App): Promise<unknown> {
  return ((await dev.get('user', { user: 'ada' })).data as { seen: string }).seen;
}

function logged(): string {
  return JSON.stringify(warn.mock.calls);
}

describe('a refresh response with an unusual field', () => {
  it.each([
    ['scope is an array (Twitch)', { scope: ['user:read', 'chat:read'] }],
    ['scope is an object', { scope: { read: true } }],
    ['scope is huge', { scope: 'x'.repeat(100_000) }],
    ['token_type is missing', { token_type: undefined }],
    ['token_type is null', { token_type: null }],
    ['token_type is a number', { token_type: 7 }],
    ['token_type has a space', { token_type: 'Bearer ' }],
    ['token_type is "BearerToken" (Apigee)', { token_type: 'BearerToken' }],
    ['token_type is "user" (Slack)', { token_type: 'user' }],
    ['token_type is "User Access Token" (eBay)', { token_type: 'User Access Token' }],
    ['expires_in is a string', { expires_in: '3600' }],
    ['expires_in is "1h"', { expires_in: '1h' }],
    ['expires_in is null', { expires_in: null }],
    ['expires_in is negative', { expires_in: -1 }],
    ['expires_in is an object', { expires_in: { seconds: 3600 } }],
    ['id_token is null', { id_token: null }],
    ['id_token is an object', { id_token: { sub: 'ada' } }],
    ['a further field is nested deeply', { user: JSON.parse('{"a":'.repeat(100) + '1' + '}'.repeat(100)) as unknown }],
    ['a further field is huge', { profile: 'x'.repeat(200_000) }],
    ['error is an empty string', { error: '' }],
    ['error is null', { error: null }],
  ])('does not lose the rotated refresh token or fail the call: %s', async (_what, fields) => {
    await store.save(ADA, EXPIRED);
    rotate(fields);
    expect(await sentBy(await start())).toBe('Bearer a2');
    expect(await stored()).toMatchObject({ accessToken: 'a2', tokenType: 'bearer', refreshToken: 'r2' });
  });

  it('does not lose the rotated refresh token for any other fields', async () => {
    const dev = await start();
    const names = ['scope', 'expires_in', 'expires_at', 'id_token', 'refresh_token_expires_in', 'user', 'issued_at'];
    const field = fc.tuple(fc.constantFrom(...names), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(fc.array(field, { maxLength: 5 }), async (fields) => {
        rotate(Object.fromEntries(fields));
        expect(await dev.fetchAccessToken({ grantType: 'refresh_token', token: EXPIRED })).toMatchObject({
          accessToken: 'a2',
          refreshToken: 'r2',
        });
      }),
      { numRuns: 50 },
    );
  });

  it.each([[7], [{}], [['r2']], [''], [null], ['r\n2'], ['r'.repeat(100_000)]])(
    'keeps the old refresh token if the new one is invalid: %#',
    async (refreshToken) => {
      await store.save(ADA, EXPIRED);
      provider.on('POST /token', () => ({ json: { ...ROTATED, refresh_token: refreshToken } }));
      expect(await sentBy(await start())).toBe('Bearer a2');
      expect(await stored()).toMatchObject({ accessToken: 'a2', refreshToken: 'r1' });
    },
  );

  it('is parsed as a form', async () => {
    await store.save(ADA, EXPIRED);
    rotate({}, (json) => ({
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: Object.entries(json)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join('&'),
    }));
    expect(await sentBy(await start())).toBe('Bearer a2');
    expect(await stored()).toMatchObject({ refreshToken: 'r2', expiresIn: 3600 });
  });

  it.each([['text/plain'], ['text/html; charset=UTF-8'], ['application/json'], [undefined]])(
    'is parsed as a form with the content type %s',
    async (type) => {
      await store.save(ADA, EXPIRED);
      provider.on('POST /token', () => ({
        ...(type !== undefined && { headers: { 'content-type': type } }),
        body: 'access_token=a2&refresh_token=r2&expires_in=3600&scope=a%20b\n',
      }));
      expect(await sentBy(await start())).toBe('Bearer a2');
      expect(await stored()).toMatchObject({ refreshToken: 'r2', expiresIn: 3600, scope: 'a b' });
    },
  );

  it.each([[0], ['0001-01-01T00:00:00Z'], [253_402_300_799]])(
    'is not refreshed again with each call if its expires_at is %j',
    async (expiresAt) => {
      await store.save(ADA, EXPIRED);
      rotate({ expires_in: undefined, expires_at: expiresAt });
      const dev = await start();
      expect([await sentBy(dev), await sentBy(dev)]).toEqual(['Bearer a2', 'Bearer a2']);
    },
  );

  it('is parsed as JSON even if its content type is wrong', async () => {
    await store.save(ADA, EXPIRED);
    rotate({}, (json) => ({ headers: { 'content-type': 'text/html' }, body: JSON.stringify(json) }));
    expect(await sentBy(await start())).toBe('Bearer a2');
  });
});

describe('a refresh response that omits fields', () => {
  it('keeps the scope, the refresh token, the id_token, the resources and the fields of the provider', async () => {
    const old = {
      ...EXPIRED,
      scope: 'read write',
      idToken: 'e.i.s',
      resource: ['https://api.test'],
      team: { id: 'T' },
    };
    await store.save(ADA, old);
    provider.on('POST /token', () => ({ json: { access_token: 'a2', token_type: 'bearer' } }));
    await sentBy(await start());
    const { refreshToken, scope, idToken, resource, team } = old;
    const token = await stored();
    expect(token).toMatchObject({ accessToken: 'a2', refreshToken, scope, idToken, resource, team });
    expect(token).not.toHaveProperty('expiresAt'); // the expiry of the old token does not apply to the new token
  });

  it.each([[undefined], [null], [''], [[]], [7]])('keeps the old scope if its scope is %j', async (scope) => {
    await store.save(ADA, { ...EXPIRED, scope: 'read write' });
    rotate({ scope });
    await sentBy(await start());
    expect((await stored()).scope).toBe('read write');
  });

  it('replaces the fields that it contains', async () => {
    await store.save(ADA, { ...EXPIRED, scope: 'read write', team: 'old', region: 'eu' });
    rotate({ scope: ['read'], team: 'new' });
    await sentBy(await start());
    expect(await stored()).toMatchObject({ scope: 'read', team: 'new', region: 'eu', refreshToken: 'r2' });
  });

  it('has the requested scope if the settings contain one', async () => {
    await store.save(ADA, { ...EXPIRED, scope: 'read write' });
    rotate({});
    await sentBy(await start({ refreshTokenParams: { scope: 'read' } }));
    expect((await stored()).scope).toBe('read');
  });

  it('keeps at most 100 fields of the provider after several refreshes', async () => {
    const dev = await start();
    let token: OAuth2Token = { ...EXPIRED };
    for (let refresh = 0; refresh < 5; refresh++) {
      const fields = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`f${refresh}_${index}`, index]));
      provider.on('POST /token', () => ({ json: { ...ROTATED, ...fields } }));
      token = await dev.fetchAccessToken({ grantType: 'refresh_token', token });
      expect(token).toMatchObject(fields);
    }
    expect(Object.keys(token).filter((name) => name.startsWith('f'))).toHaveLength(100);
  });

  it('keeps the fields of the application’s row, except a Date', async () => {
    const updateToken = jest.fn();
    provider.on('POST /token', () => ({ json: { access_token: 'a2', token_type: 'bearer' } }));
    const dev = await start({ updateToken });
    const row = { ...EXPIRED, scope: ['a', 'b'], team: 'T', created: new Date() };
    await dev.get('user', { token: row });
    expect(updateToken.mock.calls[0]?.[0]).toMatchObject({ accessToken: 'a2', scope: 'a b', team: 'T' });
    expect(updateToken.mock.calls[0]?.[0]).not.toHaveProperty('created');
  });
});

describe('a refresh response with another token type', () => {
  it('saves the rotated refresh token, and fails without sending the access token', async () => {
    await store.save(ADA, EXPIRED);
    rotate({ token_type: 'mac' });
    const dev = await start();
    await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'unsupported_token_type' });
    expect(await stored()).toMatchObject({ accessToken: 'a1', refreshToken: 'r2' });
    expect(provider.requests.filter(({ path }) => path === '/user')).toHaveLength(0);
    provider.on('POST /token', () => ({ json: ROTATED })); // the provider was repaired
    expect(await sentBy(dev)).toBe('Bearer a2');
  });

  it('does not send a token that should be bound to a key (DPoP) as a bearer token', async () => {
    const dpopKey = privateJwk(newKey('P-256'), { alg: 'ES256' });
    await store.save(ADA, { ...EXPIRED, tokenType: 'dpop', dpopKey });
    rotate({ token_type: 'Bearer' });
    const dev = await start({ dpopBoundAccessTokens: true });
    await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'unsupported_token_type' });
    expect(await stored()).toMatchObject({ accessToken: 'a1', tokenType: 'dpop', refreshToken: 'r2' });
    expect(provider.requests.filter(({ path }) => path === '/user')).toHaveLength(0);
  });

  it('has the requested token type if it contains none (DPoP)', async () => {
    const dpopKey = privateJwk(newKey('P-256'), { alg: 'ES256' });
    await store.save(ADA, { ...EXPIRED, tokenType: 'dpop', dpopKey });
    rotate({ token_type: undefined });
    expect(await sentBy(await start({ dpopBoundAccessTokens: true }))).toBe('DPoP a2');
    expect(await stored()).toMatchObject({ tokenType: 'dpop', refreshToken: 'r2' });
  });
});

describe('a refresh response that a compliance hook breaks', () => {
  const hooks: [string, ComplianceFix][] = [
    [
      'a hook that throws',
      (session) =>
        session.registerComplianceHook('refresh_token_response', (response) => {
          response.data.access_token = undefined;
          throw new TypeError('broken');
        }),
    ],
    [
      'a hook that returns nothing',
      (session) => session.registerComplianceHook('refresh_token_response', () => undefined as never),
    ],
    [
      'a hook that loses the data',
      (session) => session.registerComplianceHook('refresh_token_response', (response) => ({ ...response, data: {} })),
    ],
    [
      'a hook that returns an incomplete response',
      (session) => session.registerComplianceHook('refresh_token_response', () => ({ status: 200 }) as never),
    ],
  ];

  it.each(hooks)('does not lose the rotated refresh token: %s', async (_what, complianceFix) => {
    await store.save(ADA, EXPIRED);
    rotate({});
    const dev = await start({ complianceFix });
    await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: expect.any(String) });
    expect(await stored()).toMatchObject({ accessToken: 'a2', refreshToken: 'r2' });
    expect(await sentBy(dev)).toBe('Bearer a2');
  });

  it('does not lose the refresh token if the provider fails', async () => {
    await store.save(ADA, EXPIRED);
    provider.on('POST /token', () => ({ status: 503 }));
    const dev = await start({ complianceFix: hooks[0]?.[1] });
    await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'invalid_configuration' });
    expect(await stored()).toMatchObject(EXPIRED);
  });
});

describe('a refresh response with an id_token', () => {
  const settings = (): object => ({
    issuer: provider.url,
    jwksUri: `${provider.url}/jwks`,
    idTokenSignedResponseAlg: 'ES256',
    allowIssuerImpersonation: true,
  });

  async function idToken(claims: object = {}, key = PROVIDER_KEY): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ iss: provider.url, aud: 'dev', sub: 'ada', iat: now, exp: now + 60, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .sign(key);
  }

  beforeEach(async () => {
    provider.on('GET /jwks', () => ({ json: { keys: [publicJwk(PROVIDER_KEY, { kid: 'k', alg: 'ES256' })] } }));
    await store.save(ADA, { ...EXPIRED, idToken: await idToken() });
  });

  it('replaces the old id_token if the new one is valid', async () => {
    const renewed = await idToken({ name: 'Ada' });
    rotate({ id_token: renewed });
    expect(await sentBy(await start(settings()))).toBe('Bearer a2');
    expect(await stored()).toMatchObject({ refreshToken: 'r2', idToken: renewed });
    expect(warn).not.toHaveBeenCalled();
  });

  it.each<[string, () => unknown]>([
    ['that is not a JWT', () => 'x.y.z'],
    ['that is not a string', () => 7],
    ['that is expired', () => idToken({ exp: 1 })],
    ['of another issuer', () => idToken({ iss: 'https://other.test' })],
    ['for another client', () => idToken({ aud: 'other' })],
    ['signed with another key', () => idToken({}, OTHER_KEY)],
    ['without a subject', () => idToken({ sub: undefined })],
    ['issued long ago', () => idToken({ iat: 1 })],
    ['of another access token', () => idToken({ at_hash: 'other' })],
  ])(
    'keeps the rotated refresh token and the old id_token, and logs a warning, for an id_token %s',
    async (_what, make) => {
      const { idToken: old } = await stored();
      rotate({ id_token: await make() });
      expect(await sentBy(await start(settings()))).toBe('Bearer a2');
      expect(await stored()).toMatchObject({ accessToken: 'a2', refreshToken: 'r2', idToken: old });
      expect(logged()).toContain('id_token of a refresh ignored client=dev error=token_invalid description=');
    },
  );

  it('keeps the rotated refresh token if the provider’s keys cannot be read', async () => {
    rotate({ id_token: await idToken() });
    provider.on('GET /jwks', () => ({ status: 503 }));
    expect(await sentBy(await start(settings()))).toBe('Bearer a2');
    expect(await stored()).toMatchObject({ accessToken: 'a2', refreshToken: 'r2' });
  });

  it.each([
    ['signed by the provider', PROVIDER_KEY],
    ['signed with another key', OTHER_KEY],
  ])('is refused if the id_token of another user is %s', async (_what, key) => {
    rotate({ id_token: await idToken({ sub: 'eve' }, key) });
    const dev = await start(settings());
    await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'token_invalid' });
    expect(await stored()).toMatchObject({ accessToken: 'a1', refreshToken: 'r1' });
    expect(provider.requests.filter(({ path }) => path === '/user')).toHaveLength(0);
  });
});
