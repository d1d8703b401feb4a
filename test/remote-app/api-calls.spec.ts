import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import axios from 'axios';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  MissingTokenError,
  OAuthConfigError,
  TokenRevokedError,
  ProviderError,
  TokenExpiredError,
  UnsupportedTokenTypeError,
  type ClientRegistration,
  type OAuth2App,
  type OAuthClientModuleOptions,
} from 'nestjs-oauth-client';
import type { StoredOAuth2Token } from 'nestjs-oauth-client/stores';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ReceivedRequest, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';

const TOKEN: StoredOAuth2Token = { accessToken: 'a', tokenType: 'bearer' };
const EXPIRED: StoredOAuth2Token = { ...TOKEN, refreshToken: 'r', expiresAt: 1 };

describe('an API call with OAuth 2', () => {
  let provider: ScriptedProvider;
  let app: TestApp | undefined;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      provider.on(`${method} /api/user`, () => ({ json: { name: 'Ada' } }));
    }
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await provider.close();
  });

  async function client(
    settings: ClientRegistration = {},
    options: Partial<OAuthClientModuleOptions> = {},
  ): Promise<OAuth2App> {
    const dev = clientOf(provider, settings);
    app = await testApp({ clients: { dev }, ...options });
    return app.registry.get<OAuth2App>('dev');
  }

  function last(): ReceivedRequest {
    return provider.requests.at(-1)!;
  }

  describe('the token of an API call', () => {
    it('takes the token from the call', async () => {
      const dev = await client({}, { fetchToken: () => ({ accessToken: 'other' }) });
      const { data, status } = await dev.get<{ name: string }>('user', { token: TOKEN, request: {} });
      expect([status, data.name]).toEqual([200, 'Ada']);
      expect(last().headers.authorization).toBe('Bearer a');
    });

    it('takes the token from fetchToken of the client', async () => {
      const dev = await client(
        { fetchToken: () => ({ access_token: 'dev', token_type: 'bearer' }) },
        { fetchToken: () => ({ accessToken: 'other' }) },
      );
      await dev.get('user', { request: {} });
      expect(last().headers.authorization).toBe('Bearer dev');
    });

    it('takes the token from fetchToken of the module, which receives the client name and the request', async () => {
      const fetchToken = jest.fn(async (name: string, _request: object) => ({ accessToken: name }));
      const request = { session: {} };
      await (await client({}, { fetchToken })).get('user', { request });
      expect(fetchToken).toHaveBeenCalledWith('dev', request);
      expect(last().headers.authorization).toBe('Bearer dev');
    });

    it('throws MissingTokenError when fetchToken returns null', async () => {
      const dev = await client({}, { fetchToken: () => null });
      await expect(dev.get('user', { request: {} })).rejects.toThrow(MissingTokenError);
      await expect(dev.get('user')).rejects.toThrow(/none of `token`, `request` and `user`/);
      expect(provider.requests).toHaveLength(0);
    });
  });

  it('sends no token with withholdToken or withToken: false', async () => {
    const dev = await client({}, { fetchToken: () => TOKEN });
    await dev.get('user', { withholdToken: true, request: {} });
    await dev.get('user', { withToken: false, request: {} });
    expect(provider.requests).toHaveLength(2);
    for (const { headers } of provider.requests) expect(headers.authorization).toBeUndefined();
  });

  it('puts the token into the header beside other headers', async () => {
    const dev = await client();
    await dev.get('user', { token: TOKEN, headers: { Accept: 'application/vnd.api+json' }, params: { a: 'b c' } });
    expect(last().headers).toMatchObject({ accept: 'application/vnd.api+json', authorization: 'Bearer a' });
    expect(last().url).toBe('/api/user?a=b+c');
  });

  it('puts the token into the query with token_placement uri', async () => {
    const dev = await client({ clientKwargs: { tokenPlacement: 'uri' } });
    await dev.get('user', { token: TOKEN, params: { a: 'b' } });
    expect(last().url).toBe('/api/user?a=b&access_token=a');
    expect(last().headers.authorization).toBeUndefined();
  });

  it('puts the token into the form with token_placement body', async () => {
    const dev = await client({ clientKwargs: { tokenPlacement: 'body' } });
    await dev.post('user', new URLSearchParams({ x: 'y' }), { token: TOKEN });
    expect(last().body.toString()).toBe('x=y&access_token=a');
    await dev.post('user', undefined, { token: TOKEN });
    expect(last().body.toString()).toBe('access_token=a');
    await expect(dev.post('user', { x: 'y' }, { token: TOKEN })).rejects.toThrow(/can only be sent in a form/);
    await expect(dev.get('user', { token: TOKEN })).rejects.toThrow(/another method than GET/);
  });

  it.each([
    'application/x-www-form-urlencoded',
    'Application/X-WWW-Form-URLEncoded',
    'application/x-www-form-urlencoded; charset=utf-8',
    'APPLICATION/X-WWW-FORM-URLENCODED ;charset=UTF-8',
  ])('puts the token into a form with the content type %s', async (contentType) => {
    const dev = await client({ clientKwargs: { tokenPlacement: 'body' } });
    await dev.post('user', 'x=y', { token: TOKEN, headers: { 'Content-Type': contentType } });
    expect(last().body.toString()).toBe('x=y&access_token=a');
  });

  it.each(['application/x-www-form-urlencoded-not', 'text/plain', 'multipart/form-data'])(
    'puts no token into a body with the content type %s',
    async (contentType) => {
      const dev = await client({ clientKwargs: { tokenPlacement: 'body' } });
      const call = dev.post('user', 'x=y', { token: TOKEN, headers: { 'Content-Type': contentType } });
      await expect(call).rejects.toThrow(/can only be sent in a form/);
    },
  );

  it.each(['get', 'delete'] as const)('sends a request with the method %s', async (verb) => {
    await (await client())[verb]('user', { token: TOKEN });
    expect(last().method).toBe(verb.toUpperCase());
  });

  it.each(['post', 'put', 'patch'] as const)('sends a body with the method %s', async (verb) => {
    await (await client())[verb]('user', { a: 1 }, { token: TOKEN });
    expect(last()).toMatchObject({ method: verb.toUpperCase(), headers: { 'content-type': 'application/json' } });
    expect(last().body.toString()).toBe('{"a":1}');
  });

  it('sends a stream', async () => {
    await (await client()).post('user', Readable.from(['bytes']), { token: TOKEN });
    expect(last().body.toString()).toBe('bytes');
  });

  it('resolves a relative path against api_base_url as a URL', async () => {
    provider.on('GET /other', () => ({ json: {} }));
    const dev = await client();
    await dev.get('/other', { token: TOKEN });
    expect(last().path).toBe('/other');
    await dev.get('../other', { token: TOKEN });
    expect(last().path).toBe('/other');
    await dev.get(`${provider.url}/other`, { token: TOKEN });
    expect(last().headers.authorization).toBe('Bearer a');
  });

  it('requires api_base_url for a relative path', async () => {
    const dev = await client({ apiBaseUrl: null, apiOrigins: [provider.url] });
    await expect(dev.get('user', { token: TOKEN })).rejects.toThrow(OAuthConfigError);
    await dev.get(`${provider.url}/api/user`, { token: TOKEN });
    expect(last().headers.authorization).toBe('Bearer a');
  });

  it('refuses a token of a type other than bearer', async () => {
    const dev = await client();
    const call = dev.get('user', { token: { accessToken: 'a', tokenType: 'mac' } });
    await expect(call).rejects.toThrow(UnsupportedTokenTypeError);
    expect(provider.requests).toHaveLength(0);
  });

  describe('with an expired token', () => {
    it('refreshes the token, keeps the refresh token if the response has none, and calls updateToken', async () => {
      provider.on('POST /token', () => ({ json: { access_token: 'b', token_type: 'bearer', expires_in: 3600 } }));
      const updateToken = jest.fn();
      const request = { session: {} };
      const dev = await client({ refreshTokenParams: { x: 'y' } }, { fetchToken: () => EXPIRED, updateToken });
      await dev.get('user', { request });
      expect(last().headers.authorization).toBe('Bearer b');
      const [refresh] = provider.requests;
      expect(Object.fromEntries(new URLSearchParams(refresh?.body.toString()))).toEqual({
        grant_type: 'refresh_token',
        refresh_token: 'r',
        x: 'y',
      });
      expect(updateToken).toHaveBeenCalledTimes(1);
      expect(updateToken).toHaveBeenCalledWith(
        'dev',
        {
          accessToken: 'b',
          tokenType: 'bearer',
          refreshToken: 'r',
          expiresAt: expect.any(Number),
          expiresIn: 3600,
          issuer: `${provider.url}/token`,
          clientId: 'dev',
        },
        { refreshToken: 'r', accessToken: 'a', request },
      );
    });

    it('refreshes the token once for concurrent calls, and calls updateToken once', async () => {
      let refreshes = 0;
      provider.on('POST /token', () => ({ json: { access_token: `b${++refreshes}`, token_type: 'bearer' } }));
      const updateToken = jest.fn();
      const dev = await client({}, { updateToken });
      const other = { ...EXPIRED, refreshToken: 'r2' };
      await Promise.all([EXPIRED, EXPIRED, other, EXPIRED].map((token) => dev.get('user', { token })));
      expect([refreshes, updateToken.mock.calls.length]).toEqual([2, 2]);
      expect(new Set(provider.requests.slice(2).map(({ headers }) => headers.authorization)).size).toBe(2);
      await dev.get('user', { token: EXPIRED });
      expect(refreshes).toBe(2); // callers with the old token receive the new token
    });

    it('rejects all concurrent calls when the refresh fails, and tries again for the next call', async () => {
      provider.on('POST /token', () => ({ status: 404 }));
      const dev = await client();
      const calls = await Promise.allSettled([1, 2].map(() => dev.get('user', { token: EXPIRED })));
      expect(calls.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      provider.on('POST /token', () => ({ json: { access_token: 'b', token_type: 'bearer' } }));
      expect((await dev.get('user', { token: EXPIRED })).status).toBe(200);
    });

    it('stores the new refresh token, and calls only updateToken of the client', async () => {
      provider.on('POST /refresh', () => ({ json: { access_token: 'b', token_type: 'bearer', refresh_token: 'r2' } }));
      const updateToken = jest.fn();
      const elsewhere = jest.fn();
      const dev = await client({ refreshTokenUrl: `${provider.url}/refresh`, updateToken }, { updateToken: elsewhere });
      await dev.get('user', { token: EXPIRED });
      expect(updateToken.mock.calls[0]?.[0]).toMatchObject({ accessToken: 'b', refreshToken: 'r2' });
      expect(elsewhere).not.toHaveBeenCalled();
    });

    it('refreshes the token leeway seconds before it expires', async () => {
      provider.on('POST /token', () => ({ json: { access_token: 'b', token_type: 'bearer' } }));
      const soon = { ...EXPIRED, expiresAt: Math.floor(Date.now() / 1000) + 30 };
      await (await client()).get('user', { token: soon });
      expect(last().headers.authorization).toBe('Bearer b');
      await app?.close();
      await (await client({ clientKwargs: { leeway: 10 } })).get('user', { token: soon });
      expect(last().headers.authorization).toBe('Bearer a');
    });

    it('throws TokenExpiredError without a refresh token', async () => {
      const call = (await client()).get('user', { token: { ...TOKEN, expiresAt: 1 } });
      await expect(call).rejects.toThrow(TokenExpiredError);
      expect(provider.requests).toHaveLength(0);
    });

    it('throws TokenRevokedError when the provider refuses the refresh token', async () => {
      provider.on('POST /token', () => ({ status: 400, json: { error: 'invalid_grant' } }));
      const call = (await client()).get('user', { token: EXPIRED });
      await expect(call).rejects.toMatchObject({ error: 'token_revoked', status: 401 });
      await expect(call).rejects.toBeInstanceOf(TokenRevokedError);
    });

    it('uses a token whose expiry cannot be read', async () => {
      await (await client()).get('user', { token: { ...TOKEN, expiresAt: 'next year' } });
      expect(last().headers.authorization).toBe('Bearer a');
    });
  });

  describe('a failed call', () => {
    it('throws a ProviderError with the response', async () => {
      provider.on('GET /api/gone', () => ({ status: 404, json: { message: 'gone' } }));
      const error = await (await client()).get('gone', { token: TOKEN }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ProviderError);
      expect((error as ProviderError).answer).toMatchObject({ status: 404, data: { message: 'gone' } });
      expect((error as ProviderError).getStatus()).toBe(502);
    });

    it('throws a ProviderError with the response for an AxiosError of another copy of axios', async () => {
      const commonJs = createRequire(import.meta.url)('axios') as typeof axios;
      const failure = new commonJs.AxiosError('Request failed', 'ERR_BAD_REQUEST');
      failure.response = { status: 404, statusText: '', headers: {}, data: 'gone', config: failure.config! };
      const dev = await client();
      const call = dev.get('user', { token: TOKEN, adapter: () => Promise.reject(failure) });
      const error = await call.catch((reason: unknown) => reason);
      expect(failure).not.toBeInstanceOf(axios.AxiosError);
      expect((error as ProviderError).answer).toMatchObject({ status: 404, data: 'gone' });
    });

    it('resolves with the response when validateStatus allows it', async () => {
      provider.on('GET /api/gone', () => ({ status: 404, json: { message: 'gone' } }));
      const { status } = await (await client()).get('gone', { token: TOKEN, validateStatus: null });
      expect(status).toBe(404);
    });

    it('ends after the default timeout or the timeout of the call', async () => {
      provider.on('GET /api/slow', () => 'never');
      const dev = await client({}, { http: { timeout: 100 } });
      const started = Date.now();
      const first = await dev.get('slow', { token: TOKEN }).catch((reason: unknown) => reason);
      expect((first as ProviderError).getStatus()).toBe(504);
      expect(Date.now() - started).toBeLessThan(2000);
      const second = await dev.get('slow', { token: TOKEN, timeout: 20 }).catch((reason: unknown) => reason);
      expect((second as ProviderError).getStatus()).toBe(504);
    });

    it('throws a ProviderError with status 502 when the API is unreachable', async () => {
      const dev = await client({ apiBaseUrl: 'http://127.0.0.1:1/' });
      await expect(dev.get('x', { token: TOKEN })).rejects.toMatchObject({
        status: 502,
        error: 'provider_unreachable',
      });
    });
  });

  describe('redirects', () => {
    it('follows a redirect to the same origin with the token', async () => {
      provider.on('GET /api/old', () => ({ status: 302, headers: { location: '/api/user' } }));
      const { data } = await (await client()).get('old', { token: TOKEN });
      expect(data).toEqual({ name: 'Ada' });
      expect(last().headers.authorization).toBe('Bearer a');
    });

    it('changes POST to GET after 303 and keeps POST after 307', async () => {
      provider.on('POST /api/a', () => ({ status: 303, headers: { location: '/api/user' } }));
      provider.on('POST /api/b', () => ({ status: 307, headers: { location: '/api/user' } }));
      const dev = await client();
      await dev.post('a', { x: 1 }, { token: TOKEN });
      expect(last()).toMatchObject({ method: 'GET' });
      expect(last().headers['content-type']).toBeUndefined();
      await dev.post('b', { x: 1 }, { token: TOKEN });
      expect(last()).toMatchObject({ method: 'POST' });
      expect(last().body.toString()).toBe('{"x":1}');
    });

    it('returns the response as a stream with responseType stream', async () => {
      provider.on('GET /api/old', () => ({ status: 302, headers: { location: '/api/user' }, body: 'moved' }));
      const { data } = await (await client()).get<Readable>('old', { token: TOKEN, responseType: 'stream' });
      expect(await text(data)).toBe('{"name":"Ada"}');
    });

    it('does not send a stream twice', async () => {
      provider.on('POST /api/b', () => ({ status: 307, headers: { location: '/api/user' } }));
      const call = (await client()).post('b', Readable.from(['bytes']), { token: TOKEN });
      await expect(call).rejects.toThrow(/a stream cannot be sent twice/);
    });

    it('does not send a multipart form of axios twice', async () => {
      provider.on('POST /api/b', () => ({ status: 307, headers: { location: '/api/user' } }));
      const headers = { 'Content-Type': 'multipart/form-data' };
      const call = (await client()).post('b', { a: '1' }, { token: TOKEN, headers });
      await expect(call).rejects.toThrow(/a stream cannot be sent twice/);
    });

    it('follows five redirects, or maxRedirects redirects', async () => {
      provider.on('GET /api/loop', () => ({ status: 302, headers: { location: '/api/loop' } }));
      const dev = await client();
      await expect(dev.get('loop', { token: TOKEN })).rejects.toMatchObject({ answer: { status: 302 } });
      expect(provider.requests).toHaveLength(6);
      const { status } = await dev.get('loop', { token: TOKEN, maxRedirects: 0, validateStatus: null });
      expect(status).toBe(302);
      expect(provider.requests).toHaveLength(7);
    });

    it('does not follow a redirect to another scheme than http or https', async () => {
      provider.on('GET /api/odd', () => ({ status: 302, headers: { location: 'data:text/plain,hello' } }));
      await expect((await client()).get('odd', { token: TOKEN })).rejects.toThrow(/URL that is not http or https/);
    });
  });
});
