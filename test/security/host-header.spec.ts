import { afterEach, beforeAll, afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { request as send } from 'node:http';
import { OAuthConfigError, type OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { absoluteRedirectUri } from '../../lib/remote-app/redirect-uri.js';
import { parseHost } from '../../lib/remote-app/request-host.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { newKey } from '../support/keys.js';
import { registryWith } from '../config/registry-with.js';
import { testApp, type TestApp } from '../support/test-app.js';

let provider: ScriptedProvider;

beforeAll(async () => {
  provider = await startScriptedProvider();
  provider.on('POST /par', () => ({ status: 201, json: { request_uri: 'urn:x', expires_in: 60 } }));
});

afterAll(() => provider.close());

describe.each(['express', 'fastify'] as const)('a forged Host header on %s', (platform) => {
  let site: TestApp | undefined;

  afterEach(async () => {
    await site?.close();
    site = undefined;
  });

  async function start(options: OAuthClientModuleOptions = {}, settings: object = {}): Promise<void> {
    const { url } = provider;
    provider.on('GET /.well-known/oauth-authorization-server', () => ({
      json: {
        issuer: url,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        end_session_endpoint: `${url}/end`,
        pushed_authorization_request_endpoint: `${url}/par`,
        response_types_supported: ['code'],
        ...(settings as { metadata?: object }).metadata,
      },
    }));
    const { metadata: _, ...rest } = settings as { metadata?: object };
    const dev = { clientId: 'id', clientSecret: 'secret', issuer: url, ...rest };
    site = await testApp({ platform, trustProxy: true, clients: { dev }, ...options });
  }

  /** Returns the redirect URI that a login or a logout sends to the provider. */
  async function redirectUri(headers: Record<string, string>, route: 'login' | 'logout' = 'login') {
    const answer = await new Promise<{ status?: number; location?: string; body: string }>((resolve, reject) => {
      const outgoing = send(`${site?.url}/auth/dev/${route}`, { headers }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode, location: response.headers.location, body }));
      });
      outgoing.on('error', reject).end();
    });
    if (answer.location === undefined) return { status: answer.status, ...(JSON.parse(answer.body) as object) };
    const { searchParams } = new URL(answer.location);
    return searchParams.get(route === 'login' ? 'redirect_uri' : 'post_logout_redirect_uri');
  }

  const REFUSED = {
    status: 400,
    error: 'invalid_redirect_uri',
    error_description: expect.stringMatching(/`baseUrl`.*`allowedHosts`/),
  };

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'localhost:80@evil.example', '0.0.0.0'])(
    'refuses the Host %s',
    async (host) => {
      await start();
      for (const route of ['login', 'logout'] as const) {
        expect(await redirectUri({ 'x-forwarded-host': host, 'x-forwarded-proto': 'https' }, route)).toMatchObject(
          REFUSED,
        );
      }
      expect(await redirectUri({ host: 'evil.example' })).toMatchObject(REFUSED);
    },
  );

  it('refuses a Host outside of allowedHosts, and accepts a listed Host with its port, in any case', async () => {
    await start({ allowedHosts: ['App.example', 'app.example:8443'] });
    const by = (host: string) => redirectUri({ 'x-forwarded-host': host, 'x-forwarded-proto': 'https' });
    expect(await by('APP.example')).toBe('https://app.example/auth/dev/callback');
    expect(await by('app.example:8443')).toBe('https://app.example:8443/auth/dev/callback');
    for (const host of [
      'app.example:9',
      'app.example.',
      'xapp.example',
      'sub.app.example',
      'app.example.evil.example',
    ]) {
      expect(await by(host)).toMatchObject(REFUSED);
    }
  });

  it('ignores the Host when baseUrl is set', async () => {
    await start({ baseUrl: 'https://site.example' });
    const forged = { 'x-forwarded-host': 'evil.example', host: 'localhost' };
    expect(await redirectUri(forged)).toBe('https://site.example/auth/dev/callback');
    expect(await redirectUri(forged, 'logout')).toBe('https://site.example/auth/dev/signed-out');
  });

  it.each(['localhost:3000', 'app.localhost', '127.0.0.1:3000', '127.8.8.8', '[::1]:3000'])(
    'accepts the loopback Host %s in development',
    async (host) => {
      await start();
      expect(await redirectUri({ host })).toBe(`http://${host}/auth/dev/callback`);
    },
  );

  describe.each([
    ['pushed by settings', { requirePushedAuthorizationRequests: true }],
    ['pushed by metadata', { metadata: { require_pushed_authorization_requests: true } }],
    ['signed by settings', { requireSignedRequestObject: true, privateKeys: newKey('P-256') }],
    ['signed by metadata', { metadata: { require_signed_request_object: true }, privateKeys: newKey('P-256') }],
  ])('in a request that is %s', (_, settings) => {
    it('refuses a redirect URI from the Host, even a loopback Host or one of allowedHosts', async () => {
      await start({ allowedHosts: ['app.example'] }, settings);
      provider.requests.length = 0;
      for (const host of ['localhost:3000', 'app.example']) {
        expect(await redirectUri({ host })).toMatchObject({
          status: 500,
          error: 'invalid_redirect_uri',
          error_description: expect.stringContaining('`baseUrl`'),
        });
      }
      expect(provider.requests.filter(({ path }) => path === '/par')).toEqual([]);
    });

    it('ignores the Host when baseUrl is set', async () => {
      await start({ baseUrl: 'https://site.example' }, settings);
      expect(await redirectUri({ host: 'evil.example' })).toBeNull(); // the redirect URI is in the pushed or signed request
    });
  });
});

describe('the Host of a request', () => {
  it.each([
    'evil.example/x',
    'user@localhost',
    'localhost#x',
    'localhost?x',
    'localhost\\x',
    'local host',
    'localhost\t',
    'localhost\n',
    'localhost:99999',
    'localhost:x',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    'ⓛocalhost',
    'ｌocalhost',
    'localhost%2f',
    '',
    '::1',
    ['localhost'],
    undefined,
    7,
  ])('refuses %p as a Host', (host) => {
    expect(parseHost('https', host)).toBeUndefined();
    const request = { protocol: 'https', host: host as string };
    expect(() => absoluteRedirectUri('/cb', 'dev', request, {})).toThrow('`baseUrl`');
  });

  it('refuses a Host that is longer than a host name can be', () => {
    expect(parseHost('https', 'x'.repeat(301))).toBeUndefined();
  });

  it.each(['javascript', 'ftp', 'https:', '', 7])('refuses %p as the protocol', (protocol) => {
    expect(() => absoluteRedirectUri('/cb', 'dev', { protocol: protocol as string, host: 'localhost' }, {})).toThrow(
      '`baseUrl`',
    );
  });
});

describe('redirect URIs', () => {
  const site = { baseUrl: 'https://site.example' };
  const resolve = (uri: unknown): string => absoluteRedirectUri(uri, 'dev', {}, site);

  it.each(['//evil.example/cb', '/\\evil.example/cb', '\\\\evil.example', '/\\/evil.example'])(
    'open redirect: the path %j does not leave the site',
    (uri) => {
      expect(() => resolve(uri)).toThrow(expect.objectContaining({ error: 'invalid_redirect_uri', status: 500 }));
    },
  );

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'myapp:/cb',
    'https:evil.example',
    'https://',
    '/a b',
    '/a\nb',
    '/\t/evil.example',
    '/a#b',
    'https://site.example/#x',
  ])('refuses the redirect URI %j', (uri) => {
    expect(() => resolve(uri)).toThrow(expect.objectContaining({ error: 'invalid_redirect_uri', status: 500 }));
  });

  it('refuses a redirect URI of more than 2,048 characters', () => {
    expect(() => resolve(`/${'x'.repeat(2_048)}`)).toThrow('invalid_redirect_uri');
  });

  it.each([[['/a', '/b']], [{ href: '/a' }], [7], [true]])('refuses %p from a query as the redirect URI', (uri) => {
    expect(() => resolve(uri)).toThrow(expect.objectContaining({ error: 'invalid_redirect_uri', status: 400 }));
  });

  it.each(['https://other.example/cb', 'http://localhost:3000/cb', 'com.example.app:/cb', 'com.example.app://cb'])(
    'accepts the redirect URI %s',
    (uri) => {
      expect(resolve(uri)).toBe(uri);
    },
  );
});

describe('allowedHosts', () => {
  let fault: unknown;

  beforeEach(() => (fault = undefined));

  it.each([
    'app.example',
    5,
    [5],
    [''],
    ['*.example'],
    ['https://app.example'],
    ['app.example/'],
    ['user@app.example'],
    ['app.example:99999'],
    ['bücher.example'],
    [null],
    Array.from({ length: 101 }, () => 'a.example'),
  ])('refuses invalid allowedHosts at startup: %j', async (allowedHosts) => {
    await registryWith({ options: { allowedHosts } }).catch((reason: unknown) => (fault = reason));
    expect(fault).toBeInstanceOf(OAuthConfigError);
    expect((fault as OAuthConfigError).message).toContain('allowedHosts: expected an array of at most 100 hosts');
  });
});
