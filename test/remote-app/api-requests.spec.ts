import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair } from 'jose';
import type { OAuth1App, OAuth2App, OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { clientOf, oauth1ClientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ReceivedRequest, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';

const TOKEN = { accessToken: 'token-of-ada', tokenType: 'bearer' };

let provider: ScriptedProvider;
let other: ScriptedProvider;
let app: TestApp | undefined;

beforeEach(async () => {
  provider = await startScriptedProvider();
  other = await startScriptedProvider();
  for (const { on } of [provider, other]) {
    for (const method of ['GET', 'POST']) on(`${method} /api/user`, () => ({ json: { name: 'Ada' } }));
  }
});

afterEach(async () => {
  await app?.close();
  app = undefined;
  await Promise.all([provider.close(), other.close()]);
});

async function client(settings: object, options: Partial<OAuthClientModuleOptions> = {}): Promise<OAuth2App> {
  app = await testApp({ clients: { dev: clientOf(provider, settings) }, ...options });
  return app.registry.get<OAuth2App>('dev');
}

function last({ requests } = provider): ReceivedRequest {
  return requests.at(-1)!;
}

describe('the token of an API call with `apiRequest`', () => {
  it.each([
    ['OAuth', 'OAuth token-of-ada'],
    ['', 'token-of-ada'],
    ['Zoho-oauthtoken', 'Zoho-oauthtoken token-of-ada'],
  ])('has the scheme %j', async (tokenScheme, authorization) => {
    const dev = await client({ apiRequest: { tokenScheme } });
    await dev.get('user', { token: TOKEN });
    expect(last().headers.authorization).toBe(authorization);
  });

  it('is in another header, without an Authorization header', async () => {
    const dev = await client({ apiRequest: { tokenHeader: 'X-Shopify-Access-Token' } });
    await dev.get('user', { token: TOKEN });
    expect(last().headers).toMatchObject({ 'x-shopify-access-token': 'token-of-ada' });
    expect(last().headers).not.toHaveProperty('authorization');
  });

  it('is in another parameter of the URL or of a form', async () => {
    const dev = await client({
      apiRequest: { tokenParameter: 'oauth_token' },
      clientKwargs: { tokenPlacement: 'uri' },
    });
    await dev.get('user?v=1', { token: TOKEN });
    expect(last().url).toBe('/api/user?v=1&oauth_token=token-of-ada');
    await app?.close();
    const form = await client({ apiRequest: { tokenParameter: 'auth' }, clientKwargs: { tokenPlacement: 'body' } });
    await form.post('user', 'a=b', { token: TOKEN });
    expect(String(last().body)).toBe('a=b&auth=token-of-ada');
  });

  it('keeps the scheme of DPoP if it is bound to a key', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const dev = await client({ apiRequest: { tokenHeader: 'x-token' } });
    await dev.get('user', { token: { ...TOKEN, tokenType: 'dpop', dpopKey: await exportJWK(privateKey) } });
    expect(last().headers).toMatchObject({ authorization: 'DPoP token-of-ada', dpop: expect.any(String) });
    expect(last().headers).not.toHaveProperty('x-token');
  });

  it.each(['accessToken', 'withToken', 'withholdToken'])('is not sent without a reason: %s', async (option) => {
    const dev = await client({ apiRequest: { tokenHeader: 'x-token' } });
    if (option === 'accessToken') await expect(dev.get(`${other.url}/api/user`, { token: TOKEN })).rejects.toThrow();
    else await dev.get(`${other.url}/api/user`, { token: TOKEN, [option]: option === 'withholdToken' });
    expect(JSON.stringify(other.requests)).not.toContain('token-of-ada');
  });

  it('does not follow a redirect to another origin in a custom header', async () => {
    provider.on('GET /api/away', () => ({ status: 302, headers: { location: `${other.url}/api/user` } }));
    const dev = await client({ apiRequest: { tokenHeader: 'x-token', headers: { 'x-id': '{client_id}' } } });
    await dev.get('away', { token: TOKEN });
    expect(last(other).headers).not.toHaveProperty('x-token');
    expect(last(other).headers).not.toHaveProperty('x-id');
  });

  it('is redacted in the error of an API that repeats it, also in a parameter with a harmless name', async () => {
    provider.on('GET /api/broken', ({ url }) => ({ status: 400, json: { message: `bad ${url}` } }));
    const dev = await client({ apiRequest: { tokenParameter: 'a' }, clientKwargs: { tokenPlacement: 'uri' } });
    const error = await dev.get('broken', { token: TOKEN }).catch((reason: unknown) => reason as { detail: string });
    expect((error as { detail: string }).detail).toContain('[redacted]');
    expect((error as { detail: string }).detail).not.toContain('token-of-ada');
  });
});

describe('the headers of an API call with `apiRequest`', () => {
  const apiRequest = {
    headers: { 'Client-Id': '{client_id}', Accept: 'application/vnd.api+json', 'X-Own': 'settings' },
  };

  it('are sent with the client id, over those of `http` and below those of the call', async () => {
    const dev = await client({ apiRequest, http: { headers: { accept: 'text/plain', 'x-http': 'http' } } });
    await dev.get('user', { token: TOKEN, headers: { 'x-own': 'call' } });
    expect(last().headers).toMatchObject({
      'client-id': 'dev',
      accept: 'application/vnd.api+json',
      'x-http': 'http',
      'x-own': 'call',
    });
  });

  it.each(['withToken', 'withholdToken'])(
    'are sent without a token too, to trusted origins only: %s',
    async (option) => {
      const dev = await client({ apiRequest });
      const options = { [option]: option === 'withholdToken' };
      await dev.get('user', options);
      expect(last().headers).toMatchObject({ 'client-id': 'dev' });
      await dev.get(`${other.url}/api/user`, options);
      expect(last(other).headers).not.toHaveProperty('client-id');
    },
  );

  it('are signed calls of OAuth 1 too', async () => {
    app = await testApp({ clients: { dev: oauth1ClientOf(provider, { apiRequest }) } });
    const dev = app.registry.get<OAuth1App>('dev');
    await dev.get('user', { token: { oauthToken: 't', oauthTokenSecret: 's' } });
    expect(last().headers).toMatchObject({ 'client-id': 'dev', authorization: expect.stringMatching(/^OAuth /) });
  });

  it.each<[string, object, string]>([
    ['a line break in the client id', { clientId: 'a\r\nx: y', apiRequest }, 'api_request.headers'],
    ['a line break in a header', { apiRequest: { headers: { a: 'b\r\nc: d' } } }, 'api_request.headers'],
    ['the Host header', { apiRequest: { headers: { Host: 'x.test' } } }, 'api_request.headers'],
    ['a token in a header of the transfer', { apiRequest: { tokenHeader: 'Content-Length' } }, 'token_header'],
    ['a token in the Host header', { apiRequest: { tokenHeader: 'Host' } }, 'token_header'],
    ['a token in a header that every server receives', { apiRequest: { tokenHeader: 'User-Agent' } }, 'token_header'],
    ['a header name with a line break', { apiRequest: { tokenHeader: 'a\r\nb' } }, 'token_header'],
    ['a scheme with a space', { apiRequest: { tokenScheme: 'OAuth x' } }, 'token_scheme'],
    ['a scheme and a header', { apiRequest: { tokenScheme: 'OAuth', tokenHeader: 'x-token' } }, 'token_scheme'],
    [
      'a scheme in the URL',
      { apiRequest: { tokenScheme: 'OAuth' }, clientKwargs: { tokenPlacement: 'uri' } },
      'api_request',
    ],
  ])('are refused at start-up: %s', async (_, settings, key) => {
    await expect(client(settings)).rejects.toMatchObject({ message: expect.stringContaining(key) });
  });

  it('have no scheme with OAuth 1', async () => {
    const clients = { dev: oauth1ClientOf(provider, { apiRequest: { tokenScheme: 'Bearer' } }) };
    await expect(testApp({ clients })).rejects.toMatchObject({
      message: expect.stringContaining('dev.api_request.token_scheme: belongs to OAuth 2'),
    });
  });
});

describe('an API call with `tokenApiBaseUrl`', () => {
  const tokenApiBaseUrl = { field: 'instance_url', hosts: ['127.0.0.1', '*.salesforce.com'], path: '/api' };

  it('is resolved against the URL in the token, for each source of the token', async () => {
    const token = { ...TOKEN, instance_url: other.url };
    const dev = await client({ tokenApiBaseUrl }, { fetchToken: () => token });
    await dev.get('user', { token });
    await dev.get('user', { request: {} });
    expect(other.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/api/user', 'Bearer token-of-ada'],
      ['/api/user', 'Bearer token-of-ada'],
    ]);
    expect(provider.requests).toEqual([]);
  });

  it('may have an absolute URL of the origin in the token, but of no other origin', async () => {
    const third = await startScriptedProvider();
    try {
      const dev = await client({ tokenApiBaseUrl });
      const token = { ...TOKEN, instance_url: other.url };
      await dev.get(`${other.url}/api/user`, { token });
      await dev.get(`${provider.url}/api/user`, { token });
      expect([other.requests.length, provider.requests.length]).toEqual([1, 1]);
      await expect(dev.get(`${third.url}/api/user`, { token })).rejects.toMatchObject({ error: 'untrusted_origin' });
      await expect(dev.get(`${other.url}/api/user`, { token: TOKEN })).rejects.toMatchObject({
        error: 'untrusted_origin',
      });
      expect(third.requests).toEqual([]);
      expect(other.requests).toHaveLength(1);
    } finally {
      await third.close();
    }
  });

  it('uses `apiBaseUrl` if the token has no URL, and for calls without a token', async () => {
    const dev = await client({ tokenApiBaseUrl });
    await dev.get('user', { token: TOKEN });
    await dev.get('user', { withholdToken: true });
    expect(provider.requests.map(({ url }) => url)).toEqual(['/api/user', '/api/user']);
  });

  it('fails if neither the token nor the settings have a base URL', async () => {
    const dev = await client({ tokenApiBaseUrl, apiBaseUrl: undefined });
    await expect(dev.get('user', { token: TOKEN })).rejects.toMatchObject({
      error: 'invalid_configuration',
      message: expect.stringMatching(/api_base_url: missing.*the token has no field "instance_url"/),
    });
  });

  it('uses the URL of a refreshed token', async () => {
    provider.on('POST /token', () => ({ json: { access_token: 'new', instance_url: other.url } }));
    const dev = await client({ tokenApiBaseUrl });
    const token = { ...TOKEN, refreshToken: 'r', expiresAt: 1, instance_url: provider.url };
    await dev.get('user', { token });
    expect(last(other).headers.authorization).toBe('Bearer new');
  });

  it.each([
    'https://evil.com',
    'https://salesforce.com',
    'https://salesforce.com.evil.com',
    'https://evilsalesforce.com',
    'https://a.salesforce.com:8443',
    'https://a.salesforce.com.',
    'https://user@a.salesforce.com',
    'https://a.salesforce.com@evil.com',
    'https://evil.com\\.salesforce.com',
    'https://evil.com\\@a.salesforce.com',
    'https://evil.com#.salesforce.com',
    'https://evil.com?.salesforce.com',
    'https://evil.com/.salesforce.com',
    'https://a.salesforce.com?token=x',
    'https://a.salesforce.com#x',
    'https://a.salesforce.com/%2e%2e',
    'https://а.salesforce.com',
    'https://a.salesforce.com\n.evil.com',
    ' https://a.salesforce.com',
    'https:a.salesforce.com',
    'https:///a.salesforce.com',
    'http://a.salesforce.com',
    'ftp://a.salesforce.com',
    '//a.salesforce.com',
    'https://*.salesforce.com',
    'https://.salesforce.com',
    'https://localhost',
    '127.0.0.1',
    { toString: 'https://a.salesforce.com' },
    ['https://a.salesforce.com'],
    7,
  ])('never sends the token to a URL that is not allowed: %j', async (url) => {
    const dev = await client({ tokenApiBaseUrl });
    const token = { ...TOKEN, instance_url: url };
    await expect(dev.get('user', { token })).rejects.toMatchObject({
      error: 'untrusted_origin',
    });
    expect([...provider.requests, ...other.requests]).toEqual([]);
  });

  it('drops the token after a redirect to another host', async () => {
    other.on('GET /api/away', () => ({
      status: 302,
      headers: { location: `http://localhost:${new URL(provider.url).port}/api/user` },
    }));
    const dev = await client({ tokenApiBaseUrl, apiBaseUrl: undefined });
    const token = { ...TOKEN, instance_url: other.url };
    await dev.get('away', { token }).catch(() => undefined);
    expect(JSON.stringify(provider.requests)).not.toContain('token-of-ada');
    expect(other.requests).toHaveLength(1);
  });

  it.each<[string, object]>([
    ['no hosts', { hosts: [] }],
    ['a wildcard for a top-level domain', { hosts: ['*.com'] }],
    ['a wildcard alone', { hosts: ['*'] }],
    ['a wildcard within a host', { hosts: ['a.*.example.com'] }],
    ['a host with a port', { hosts: ['a.example.com:8443'] }],
    ['a URL as a host', { hosts: ['https://a.example.com'] }],
    ['a query in the path', { hosts: ['a.example.com'], path: '/x?y' }],
  ])('has settings that are checked at start-up: %s', async (_, settings) => {
    await expect(client({ tokenApiBaseUrl: { field: 'f', ...settings } })).rejects.toMatchObject({
      message: expect.stringContaining('dev.token_api_base_url'),
    });
  });
});
