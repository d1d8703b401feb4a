import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ProviderError, type OAuth2App, type OAuthRegistry } from 'nestjs-oauth-client';
import type { OAuthRequest } from 'nestjs-oauth-client/protocol';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { registryWith } from '../config/registry-with.js';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';

describe('revocation, introspection and registration endpoints', () => {
  const ADA = { name: 'dev', user: 'ada' };
  let provider: ScriptedProvider;
  let registry: OAuthRegistry;
  let tokenStore: MemoryTokenStore;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    const dev = clientOf(provider, {
      revocationEndpoint: `${provider.url}/endpoint`,
      introspectionEndpoint: `${provider.url}/endpoint`,
      registrationEndpoint: `${provider.url}/endpoint`,
      userinfoEndpoint: `${provider.url}/endpoint`,
    });
    tokenStore = new MemoryTokenStore();
    const userOf = ({ headers }: OAuthRequest) => headers?.user as string | undefined;
    registry = await registryWith({ options: { clients: { dev }, tokenStore, userOf } });
  });

  afterEach(() => provider.close());

  const TOKEN = { accessToken: 'access-token', refreshToken: 'refresh-token' };

  function app(): OAuth2App {
    return registry.get<OAuth2App>('dev');
  }

  /** Returns one call to each endpoint, by the name in its error. */
  function calls(): [string, () => Promise<unknown>][] {
    const settings = {
      accessTokenUrl: `${provider.url}/token`,
      authorizeUrl: `${provider.url}/authorize`,
      registrationEndpoint: `${provider.url}/endpoint`,
      allowInsecureHttp: true,
    };
    return [
      ['the revocation endpoint', () => app().revokeToken({ token: TOKEN })],
      ['the introspection endpoint', () => app().introspectToken({ token: TOKEN })],
      ['the registration endpoint', () => registry.registerDynamically('new', settings, {})],
      ['/endpoint', () => app().userinfo({ token: TOKEN })],
    ];
  }

  it.each([
    [200, ''],
    [200, '{}'],
    [200, 'revoked'],
    [202, ''],
    [204, undefined],
    [205, undefined],
  ])('accepts a revocation response %s %p as a success', async (status, body) => {
    provider.on('POST /endpoint', () => ({ status, body }));
    await expect(app().revokeToken({ token: TOKEN })).resolves.toBeUndefined();
  });

  it.each([
    ['an HTML page', 503, 'text/html', '<h1>down</h1>'],
    ['nothing', 500, undefined, ''],
    ['JSON without an error', 404, 'application/json', '{"message":"no such page"}'],
    ['an error that is not a string', 400, 'application/json', '{"error":{"code":1}}'],
    ['a truncated object', 400, 'application/json', '{"error":'],
  ])('reports the status of an error response with %s', async (_, status, type, body) => {
    const reply = { status, headers: (type ? { 'content-type': type } : {}) as Record<string, string>, body };
    provider.on('POST /endpoint', () => reply);
    provider.on('GET /endpoint', () => reply);
    for (const [what, call] of calls()) {
      const error = (await call().catch((reason: unknown) => reason)) as ProviderError;
      expect(error).toBeInstanceOf(ProviderError);
      expect(error.description).toContain(what);
      expect(error.description).toContain(String(status));
      expect(error.isTemporary).toBe(status >= 500);
    }
  });

  it('reads the error code from a challenge when the body has none', async () => {
    const challenge = 'Bearer error="invalid_token", error_description="the initial access token is over"';
    provider.on('POST /endpoint', () => ({ status: 401, headers: { 'www-authenticate': challenge }, body: '' }));
    for (const [, call] of calls().slice(0, 3)) await expect(call()).rejects.toMatchObject({ error: 'invalid_token' });
  });

  it('reports the status and the content type of a success that cannot be read', async () => {
    const reply = { status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>Welcome</h1>' };
    provider.on('POST /endpoint', () => reply);
    provider.on('GET /endpoint', () => reply);
    for (const [what, call] of calls().slice(1)) {
      const error: unknown = await call().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ error: 'token_invalid' });
      const name = what === '/endpoint' ? 'the userinfo endpoint' : what;
      expect(String(error)).toContain(`${name} answered 200 text/html, 16 characters`);
    }
  });

  describe('a stored token', () => {
    const STORED = { ...TOKEN, tokenType: 'bearer', expiresAt: 1 };

    function sent(): Record<string, string>[] {
      return provider.requests.map(({ body }) => Object.fromEntries(new URLSearchParams(body.toString())));
    }

    beforeEach(() => tokenStore.save(ADA, STORED));

    it.each([{ user: 'ada' }, { request: { headers: { user: 'ada' } } }])(
      'revokes the refresh token of %j, and then removes the token from the store',
      async (source) => {
        provider.on('POST /endpoint', () => ({ status: 200, body: '' }));
        await app().revokeToken(source);
        expect(sent()).toEqual([expect.objectContaining({ token: 'refresh-token', token_type_hint: 'refresh_token' })]);
        expect(await tokenStore.fetch(ADA)).toBeUndefined();
        await expect(app().revokeToken(source)).rejects.toMatchObject({ error: 'missing_token', status: 401 });
      },
    );

    it('keeps the token when the provider does not revoke it', async () => {
      provider.on('POST /endpoint', () => ({ status: 503, body: '' }));
      await expect(app().revokeToken({ user: 'ada' })).rejects.toBeInstanceOf(ProviderError);
      expect(await tokenStore.fetch(ADA)).toMatchObject({ token: STORED });
    });

    it('removes no token from the store when the token is passed', async () => {
      provider.on('POST /endpoint', () => ({ status: 200, body: '' }));
      await app().revokeToken({ token: STORED });
      expect(await tokenStore.fetch(ADA)).toMatchObject({ token: STORED });
    });

    it('introspects the access token without a refresh', async () => {
      provider.on('POST /endpoint', () => ({ json: { active: false } }));
      expect(await app().introspectToken({ user: 'ada' })).toEqual({ active: false });
      expect(sent()).toEqual([expect.objectContaining({ token: 'access-token', token_type_hint: 'access_token' })]);
    });
  });

  it.each(['revokeToken', 'introspectToken', 'userinfo'] as const)(
    'refuses a bare token, and the error shows the correct call (%s)',
    async (method) => {
      for (const token of [TOKEN, { access_token: 'a' }]) {
        const call = app()[method](token as never);
        await expect(call).rejects.toMatchObject({ error: 'invalid_request', status: 500 });
        await expect(call).rejects.toThrow(`write ${method}({ token }) instead of ${method}(token)`);
      }
      expect(provider.requests).toEqual([]);
    },
  );
});
