import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent } from 'node:http';
import { inspect } from 'node:util';
import type { OAuth2App, OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { createAxiosInstance } from '../../lib/http/axios-instance.js';
import { sendApiRequest } from '../../lib/http/api-request.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser } from '../support/browser.js';
import { testApp, type TestApp } from '../support/test-app.js';

describe('server-side request forgery with blockPrivateNetworks', () => {
  let provider: ScriptedProvider;
  let port: string;
  const opened: { close(): Promise<void> }[] = [];

  beforeEach(async () => {
    provider = await startScriptedProvider();
    ({ port } = new URL(provider.url));
    provider.on('GET /api/secrets', () => ({ json: { secret: true } }));
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((app) => app.close()));
    await provider.close();
  });

  async function start(options: OAuthClientModuleOptions = {}): Promise<TestApp> {
    const app = await testApp({
      blockPrivateNetworks: true,
      allowInsecureHttp: true,
      encryptionKeys: 'A'.repeat(43) + '=',
      ...options,
    });
    opened.push(app);
    return app;
  }

  function tenant(url: string): object {
    return {
      clientId: 'dev',
      authorizeUrl: `${url}/authorize`,
      accessTokenUrl: `${url}/token`,
      apiBaseUrl: `${url}/api/`,
      allowInsecureHttp: true,
    };
  }

  function clientOf(app: TestApp, settings: object): OAuth2App {
    app.registry.register('tenant', settings);
    return app.registry.get<OAuth2App>('tenant');
  }

  const refusal = { error: 'private_address', status: 502 };

  it.each([
    'http://127.0.0.1',
    'http://168.63.129.16',
    'http://localhost',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'http://[::127.0.0.1]',
    'http://[64:ff9b::7f00:1]',
    'http://0.0.0.0',
    'http://[::]',
    'http://2130706433',
    'http://0x7f.1',
    'http://0177.0.0.1',
    'http://127.1',
    'http://169.254.169.254',
    'http://[fe80::1]',
    'http://[fd00:ec2::254]',
    'http://10.0.0.1',
    'http://172.16.0.1',
    'http://192.168.0.1',
    'http://100.64.0.1',
    'http://198.18.0.1',
    'http://224.0.0.1',
    'https://127.0.0.1',
    'https://[::1]',
  ])('a tenant’s client cannot call an API at %s', async (host) => {
    const client = clientOf(await start(), tenant(`${host}:${port}`));
    await expect(client.get('secrets', { token: { accessToken: 'a' } })).rejects.toMatchObject(refusal);
    expect(provider.requests).toHaveLength(0);
  });

  it('a tenant’s client cannot call a host name that resolves to a private address', async () => {
    const lookup: NonNullable<OAuthClientModuleOptions['http']>['lookup'] = (_host, _options, done) =>
      done(null, [{ address: '127.0.0.1', family: 4 }] as never);
    const client = clientOf(await start({ http: { lookup } }), tenant(`http://internal.example:${port}`));
    await expect(client.get('secrets', { token: { accessToken: 'a' } })).rejects.toMatchObject(refusal);
    expect(provider.requests).toHaveLength(0);
  });

  it('a tenant’s client cannot use private addresses for metadata, keys, tokens, registration or userinfo', async () => {
    const app = await start();
    const byIssuer = clientOf(app, { clientId: 'dev', issuer: provider.url, allowInsecureHttp: true });
    await expect(byIssuer.createAuthorizationUrl()).rejects.toMatchObject(refusal);
    app.registry.unregister('tenant');
    const client = clientOf(app, { ...tenant(provider.url), userinfoEndpoint: `${provider.url}/me` });
    await expect(client.fetchAccessToken({ grantType: 'client_credentials' })).rejects.toMatchObject(refusal);
    await expect(client.userinfo({ token: { accessToken: 'a' } })).rejects.toMatchObject(refusal);
    const registration = { ...tenant(provider.url), registrationEndpoint: `${provider.url}/register` };
    await expect(app.registry.registerDynamically('new', registration, {})).rejects.toMatchObject(refusal);
    expect(provider.requests).toHaveLength(0);
  });

  it.each<[string, NonNullable<OAuthClientModuleOptions['http']>]>([
    ['an adapter', { adapter: 'fetch' }],
    ['HTTP/2', { httpVersion: 2 }],
    ['a transport', { transport: { request: () => undefined } } as object],
    ['a Unix socket', { socketPath: '/tmp/no-such-socket' }],
  ])('%s in the http defaults does not bypass the check', async (_, http) => {
    const client = clientOf(await start({ http }), tenant(provider.url));
    await expect(client.get('secrets', { token: { accessToken: 'a' } })).rejects.toMatchObject(refusal);
    expect(provider.requests).toHaveLength(0);
  });

  it.each([
    ['another adapter', { adapter: 'fetch' as const }],
    ['a list of adapters', { adapter: ['xhr', 'fetch', 'http'] as ('xhr' | 'fetch' | 'http')[] }],
    ['an agent', { adapter: 'http' as const, httpAgent: new Agent() }],
  ])('%s in the options of a call does not bypass the check', async (_, options) => {
    const client = clientOf(await start(), tenant(provider.url));
    for (const call of [{ token: { accessToken: 'a' } }, { withholdToken: true }] as const) {
      await expect(client.get('secrets', { ...call, ...options })).rejects.toMatchObject(refusal);
    }
    expect(provider.requests).toHaveLength(0);
  });

  it('a tenant’s client cannot use private addresses for a profile or a base URL in the token', async () => {
    const app = await start();
    const token = { accessToken: 'a', instance_url: provider.url };
    const requests = [{ url: `${provider.url}/api/secrets` }];
    const dev = clientOf(app, {
      ...tenant('https://provider.test'),
      allowInsecureHttp: true,
      profile: { requests, claims: { sub: 'secret' } },
      tokenApiBaseUrl: { field: 'instance_url', hosts: ['127.0.0.1'] },
    });
    await expect(dev.userinfo({ token })).rejects.toMatchObject({
      error: 'profile_failed',
      message: expect.stringContaining('private_address'),
    });
    await expect(dev.get('api/secrets', { token })).rejects.toMatchObject(refusal);
    expect(provider.requests).toEqual([]);
  });

  it('a proxy on a private address does not bypass the check', async () => {
    const proxy = { host: '127.0.0.1', port: Number(port), protocol: 'http' };
    const client = clientOf(await start({ http: { proxy } }), tenant('http://10.0.0.1'));
    await expect(client.get('secrets', { token: { accessToken: 'a' } })).rejects.toMatchObject(refusal);
    expect(provider.requests).toHaveLength(0);
  });

  it('refuses a redirect to a private address', async () => {
    provider.on('GET /api/old', () => ({ status: 302, headers: { location: `http://localhost:${port}/api/secrets` } }));
    const lookup: NonNullable<OAuthClientModuleOptions['http']>['lookup'] = (_host, _options, done) =>
      done(null, [{ address: '127.0.0.2', family: 4 }] as never);
    const http = createAxiosInstance({ lookup }, { isPublicOnly: true, allowedAddresses: ['127.0.0.1'] });
    const call = sendApiRequest(http, { method: 'GET', url: `${provider.url}/api/old` });
    await expect(call).rejects.toMatchObject(refusal);
    expect(provider.requests.map(({ path }) => path)).toEqual(['/api/old']);
  });

  it.each(['express', 'fastify'] as const)(
    'does not show the private address in the browser, on %s',
    async (platform) => {
      const app = await start({ platform, state: 'cookie' } as OAuthClientModuleOptions);
      const lookup = { issuer: 'http://localhost:1', clientId: 'dev', allowInsecureHttp: true };
      app.registry.register('tenant', lookup);
      const page = await new Browser().get(`${app.url}/auth/tenant/login`);
      expect(page.status).toBe(502);
      expect(page.json()).toMatchObject({ error: 'private_address' });
      expect(page.text).not.toMatch(/127\.0\.0\.1|::1|localhost/);
    },
  );

  it('the cause of the error has the URL without its query, for logs', async () => {
    const client = clientOf(await start(), tenant(provider.url));
    const error: unknown = await client
      .get('secrets', { token: { accessToken: 'a' }, params: { key: 's3cret' } })
      .catch((reason: unknown) => reason);
    expect(inspect(error)).toContain(`GET ${provider.url}/api/secrets leads to an address that is not public`);
    expect(inspect(error)).not.toContain('s3cret');
  });

  it('clients that are configured at startup can use private addresses', async () => {
    const atStart = await start({ clients: { dev: tenant(provider.url) as never } });
    const token = { accessToken: 'a' };
    expect((await atStart.registry.get<OAuth2App>('dev').get('secrets', { token })).status).toBe(200);
    const without = await start({ blockPrivateNetworks: false });
    expect((await clientOf(without, tenant(provider.url)).get('secrets', { token })).status).toBe(200);
  });

  it('refuses a value of blockPrivateNetworks that is not a boolean', async () => {
    await expect(start({ blockPrivateNetworks: 'yes' as never })).rejects.toThrow(
      'blockPrivateNetworks: expected true',
    );
  });
});
