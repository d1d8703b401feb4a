import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent } from 'node:http';
import type { ClientRegistration, OAuth1App, OAuth2App, OAuthConfigError } from 'nestjs-oauth-client';
import { registryWith } from '../config/registry-with.js';
import { metadataOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { CountingAgent } from '../support/counting-agent.js';

const KEY = 'AUTHLIB_OAUTH_CLIENTS';
const TOKEN = { accessToken: 'access-token', refreshToken: 'refresh-token' };

describe('the http options', () => {
  let provider: ScriptedProvider;
  let agents: Agent[];

  beforeEach(async () => {
    agents = [];
    provider = await startScriptedProvider();
    const { url } = provider;
    const endpoint = {
      code: 'c',
      device_code: 'd',
      user_code: 'u',
      verification_uri: 'https://p.test',
      expires_in: 60,
    };
    const ENDPOINT = {
      ...endpoint,
      auth_req_id: 'r',
      request_uri: 'urn:x:1',
      active: true,
      client_id: 'new',
      sub: 'ada',
    };
    provider.on('POST /endpoint', () => ({ json: ENDPOINT }));
    provider.on('GET /endpoint', () => ({ json: ENDPOINT }));
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'Bearer', refresh_token: 'r' } }));
    provider.on('POST /request', () => ({ body: 'oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true' }));
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: metadataOf(provider, {
        jwks_uri: `${url}/jwks`,
        userinfo_endpoint: `${url}/endpoint`,
        revocation_endpoint: `${url}/endpoint`,
        introspection_endpoint: `${url}/endpoint`,
        registration_endpoint: `${url}/endpoint`,
        device_authorization_endpoint: `${url}/endpoint`,
        backchannel_authentication_endpoint: `${url}/endpoint`,
        pushed_authorization_request_endpoint: `${url}/endpoint`,
        require_pushed_authorization_requests: true,
      }),
    }));
  });

  afterEach(async () => {
    for (const agent of agents) agent.destroy();
    await provider.close();
  });

  function settings(more: object = {}): ClientRegistration {
    const { url } = provider;
    return { clientId: 'dev', clientSecret: 's3cret', issuer: url, apiBaseUrl: url, allowInsecureHttp: true, ...more };
  }

  async function appWith(client: object = {}, options: object = {}): Promise<OAuth2App> {
    const registry = await registryWith({ options: { clients: { dev: settings(client) }, ...options } });
    return registry.get<OAuth2App>('dev');
  }

  function received(header: string): Set<string | undefined> {
    return new Set(provider.requests.map(({ headers }) => headers[header] as string | undefined));
  }

  const REDDIT = 'web:app.example:1.0 (by /u/ada)';

  it.each([
    ['of the module', {}, { http: { headers: { 'User-Agent': REDDIT } } }],
    ['of the module, for all methods', {}, { http: { headers: { common: { 'user-agent': REDDIT } } } }],
    ['of the client', { http: { headers: { 'User-Agent': REDDIT } } }, {}],
    [
      'of the client, over the module',
      { http: { headers: { 'user-agent': REDDIT } } },
      { http: { headers: { 'User-Agent': 'other' } } },
    ],
  ])('headers %s name the application in every request', async (_, client, options) => {
    const registry = await registryWith({ options: { clients: { dev: settings(client) }, ...options } });
    const app = registry.get<OAuth2App>('dev');
    await app.createAuthorizationUrl('https://app.test/callback');
    await app.fetchAccessToken({ code: 'c', codeVerifier: 'v'.repeat(43) });
    await app.fetchAccessToken({ grantType: 'refresh_token', token: TOKEN });
    await app.deviceAuthorization();
    await app.backchannelAuthentication({ loginHint: 'ada' });
    await app.introspectToken({ token: TOKEN });
    await app.revokeToken({ token: TOKEN });
    await app.userinfo({ token: TOKEN });
    await app.get('endpoint', { token: TOKEN });
    await app.checkProvider().catch(() => undefined);
    await registry.registerDynamically('new', settings({ clientId: undefined, ...client }), {});
    expect(provider.requests.length).toBeGreaterThanOrEqual(11);
    expect(received('user-agent')).toEqual(new Set([REDDIT]));
  });

  it('headers name the application in requests of OAuth 1', async () => {
    const { url } = provider;
    const one = {
      clientId: 'one',
      requestTokenUrl: `${url}/request`,
      authorizeUrl: url,
      accessTokenUrl: `${url}/request`,
    };
    const clients = { one: { ...one, allowInsecureHttp: true, http: { headers: { 'User-Agent': REDDIT } } } };
    const app = (await registryWith({ options: { clients } })).get<OAuth1App>('one');
    const { requestToken } = await app.createAuthorizationUrl('https://app.test/callback');
    await app.fetchAccessToken({ requestToken, verifier: 'v' });
    expect(received('user-agent')).toEqual(new Set([REDDIT]));
  });

  it('the default User-Agent does not name oauth4webapi', async () => {
    const app = await appWith();
    await app.fetchAccessToken({ grantType: 'client_credentials' });
    expect([...received('user-agent')].join()).not.toContain('oauth4webapi');
  });

  it('options of a client are merged over options of the module, header by header', async () => {
    const http = { timeout: 10_000, headers: { 'x-module': '1', 'x-both': 'module' } };
    const clients = {
      dev: settings({ http: { headers: { 'x-client': '1', 'x-both': 'client' } } }),
      other: settings({}),
    };
    const registry = await registryWith({ options: { clients, http } });
    await registry.get<OAuth2App>('dev').fetchAccessToken({ grantType: 'client_credentials' });
    const own = provider.requests.at(-1)?.headers;
    expect(own).toMatchObject({ 'x-module': '1', 'x-client': '1', 'x-both': 'client' });
    expect(own?.authorization).toMatch(/^Basic /);
    await registry.get<OAuth2App>('other').fetchAccessToken({ grantType: 'client_credentials' });
    expect(provider.requests.at(-1)?.headers).toMatchObject({ 'x-both': 'module' });
    expect(provider.requests.at(-1)?.headers).not.toHaveProperty('x-client');
  });

  it('http options do not replace the headers of a protocol request', async () => {
    const headers = { 'Content-Type': 'text/plain', Accept: 'text/html', Authorization: 'Basic other' };
    const app = await appWith({}, { http: { headers, auth: { username: 'u', password: 'p' }, maxRedirects: 5 } });
    await app.fetchAccessToken({ grantType: 'client_credentials' });
    expect(provider.requests.at(-1)?.headers).toMatchObject({
      'content-type': expect.stringContaining('application/x-www-form-urlencoded'),
      accept: 'application/json',
      authorization: `Basic ${Buffer.from('dev:s3cret').toString('base64')}`,
    });
    provider.on('POST /token', () => ({ status: 307, headers: { location: `${provider.url}/endpoint` } }));
    await expect(app.fetchAccessToken({ grantType: 'client_credentials' })).rejects.toThrow('307');
    expect(provider.requests.at(-1)?.path).toBe('/token');
  });

  it('axios defaults for auth do not replace the token of an API call', async () => {
    provider.on('GET /me', ({ headers }) => ({ json: { seen: headers.authorization } }));
    const settings = { apiBaseUrl: provider.url };
    const app = await appWith(settings, { http: { auth: { username: 'u', password: 'p' } } });
    const basic = `Basic ${Buffer.from('u:p').toString('base64')}`;
    const token = { accessToken: 'a' };
    expect((await app.get('me', { token })).data).toEqual({ seen: 'Bearer a' });
    expect((await app.get('me', { withToken: false })).data).toEqual({ seen: basic });
  });

  it.each(['client', 'module'])('a proxy of the %s applies to protocol requests and API calls', async (of) => {
    const { hostname: host, port } = new URL(provider.url);
    const http = { proxy: { protocol: 'http', host, port: Number(port) } };
    const there = {
      issuer: undefined,
      authorizeUrl: 'http://idp.localhost/a',
      accessTokenUrl: 'http://idp.localhost/token',
      apiBaseUrl: 'http://idp.localhost/',
    };
    const app = await (of === 'client' ? appWith({ ...there, http }) : appWith(there, { http }));
    provider.on('POST http://idp.localhost/token', () => ({ json: { access_token: 'a', token_type: 'Bearer' } }));
    provider.on('GET http://idp.localhost/me', () => ({ json: 'me' }));
    await app.fetchAccessToken({ grantType: 'client_credentials' });
    expect((await app.get('me', { token: TOKEN })).data).toBe('me');
    expect(received('host')).toEqual(new Set(['idp.localhost']));
  });

  it('an agent of a client makes the connections of protocol requests and API calls', async () => {
    const agent = new CountingAgent();
    agents.push(agent);
    const app = await appWith({ http: { httpAgent: agent } });
    await app.fetchAccessToken({ grantType: 'client_credentials' });
    await app.get('endpoint', { token: TOKEN });
    expect(agent.connections).toBe(2); // the metadata request and the API call share a connection
  });

  it('a timeout of a client applies to protocol requests', async () => {
    provider.on('POST /token', () => 'never');
    const app = await appWith({ http: { timeout: 100 } });
    await expect(app.fetchAccessToken({ grantType: 'client_credentials' })).rejects.toMatchObject({ status: 504 });
  });

  it('http options accept camelCase and snake_case, and JSON from the environment', async () => {
    const http = { max_redirects: 0, timeout: 5000, headers: { 'User-Agent': REDDIT } };
    const { clientId, clientSecret, issuer } = settings() as Record<string, string>;
    const dev = {
      client_id: clientId,
      client_secret: clientSecret,
      issuer,
      api_base_url: issuer,
      allow_insecure_http: true,
      http,
    };
    for (const clients of [{ dev }, JSON.stringify({ dev })]) {
      const app = (await registryWith({ settings: { [KEY]: clients } })).get<OAuth2App>('dev');
      provider.on('GET /moved', () => ({ status: 302, headers: { location: '/endpoint' } }));
      await expect(app.get('moved', { token: TOKEN })).rejects.toThrow('status 302');
      expect(provider.requests.at(-1)?.headers['user-agent']).toBe(REDDIT);
    }
  });

  async function faultsOf(http: unknown): Promise<readonly string[]> {
    const error: unknown = await appWith({ http }).catch((reason: unknown) => reason);
    return (error as OAuthConfigError).faults;
  }

  it.each([
    ['text', ['dev.http: expected an object of axios options']],
    [{ user_agent: 'x' }, ['dev.http.user_agent: unknown key']],
    [{ time_out: 1 }, ['dev.http.time_out: unknown key; did you mean timeout?']],
    [{ maxRedirect: 1 }, ['dev.http.maxRedirect: unknown key; did you mean max_redirects?']],
    [{ timeout: '5s' }, ['dev.http.timeout: expected a number of milliseconds, 0 to 2147483647']],
    [{ timeout: -1 }, ['dev.http.timeout: expected a number of milliseconds, 0 to 2147483647']],
    [{ headers: 'x' }, ['dev.http.headers: expected an object of header names and their values']],
    [{ headers: { 'x\r\ny': '1' } }, ['dev.http.headers: expected an object of header names and their values']],
    [{ headers: { x: 'a\r\nb: c' } }, ['dev.http.headers: expected an object of header names and their values']],
    [{ headers: { x: 'y'.repeat(9000) } }, ['dev.http.headers: expected at most 8192 characters']],
    [{ proxy: 'http://proxy' }, ['dev.http.proxy: expected false, or an object with the host and the port of a proxy']],
  ])('a client’s http options of %j are a fault', async (http, faults) => {
    expect(await faultsOf(http)).toEqual(faults.map((fault) => expect.stringContaining(fault)));
  });

  describe('of a client that is registered at run time', () => {
    it('accepts headers and a timeout of a client at run time', async () => {
      const registry = await registryWith({ options: { http: { headers: { 'x-module': '1' } } } });
      registry.register('tenant', settings({ http: { timeout: 5000, headers: { 'User-Agent': REDDIT } } }));
      await registry.get<OAuth2App>('tenant').fetchAccessToken({ grantType: 'client_credentials' });
      expect(provider.requests.at(-1)?.headers).toMatchObject({ 'user-agent': REDDIT, 'x-module': '1' });
    });

    it.each([
      [{ proxy: { host: '10.0.0.1', port: 80 } }, 'tenant.http.proxy: not allowed'],
      [{ proxy: false }, 'tenant.http.proxy: not allowed'],
      [{ socketPath: '/var/run/docker.sock' }, 'tenant.http.socket_path: not allowed'],
      [{ socket_path: '/var/run/docker.sock' }, 'tenant.http.socket_path: not allowed'],
      [{ adapter: 'fetch' }, 'tenant.http.adapter: not allowed'],
      [{ httpAgent: new Agent() }, 'tenant.http.http_agent: not allowed'],
      [{ lookup: () => undefined }, 'tenant.http.lookup: not allowed'],
      [{ maxContentLength: -1 }, 'tenant.http.max_content_length: not allowed'],
      [{ maxRedirects: 1000 }, 'tenant.http.max_redirects: not allowed'],
      [{ timeout: 0 }, 'tenant.http.timeout: expected 1 to 60000 milliseconds'],
      [{ timeout: 2 ** 30 }, 'tenant.http.timeout: expected 1 to 60000 milliseconds'],
      [{ headers: { Host: 'internal' } }, 'tenant.http.headers: a client that is registered at run time'],
      [{ headers: { 'transfer-encoding': 'chunked' } }, 'tenant.http.headers: a client that is registered at run time'],
      [{ headers: { common: { host: 'internal' } } }, 'tenant.http.headers: a client that is registered at run time'],
      [{ headers: { 'Proxy-Authorization': 'x' } }, 'tenant.http.headers: a client that is registered at run time'],
    ])('refuses http options of a client at run time: %j', async (http, fault) => {
      const registry = await registryWith({});
      expect(() => registry.register('tenant', settings({ http }))).toThrow(fault);
      await expect(registry.registerDynamically('tenant', settings({ http }), {})).rejects.toThrow(fault);
      expect(provider.requests).toEqual([]);
    });
  });
});
