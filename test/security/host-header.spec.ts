import { afterEach, beforeAll, afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { request as send } from 'node:http';
import { OAuthConfigError, type OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { absoluteRedirectUri } from '../../lib/remote-app/redirect-uri.js';
import { parseHost } from '../../lib/remote-app/request-host.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { newKey } from '../support/keys.js';
import { registryWith } from '../config/registry-with.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

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
    const answer = await rawLogin(headers, route);
    if (answer.location === undefined) return { status: answer.status, ...(JSON.parse(answer.body) as object) };
    const { searchParams } = new URL(answer.location);
    return searchParams.get(route === 'login' ? 'redirect_uri' : 'post_logout_redirect_uri');
  }

  interface RawAnswer {
    status?: number;
    location?: string;
    cookies: string[];
    body: string;
  }

  function rawLogin(headers: Record<string, string>, route = 'login'): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = send(`${site?.url}/auth/dev/${route}`, { headers }, (response) => {
        const { location, 'set-cookie': cookies = [] } = response.headers;
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode, location, cookies, body }));
      });
      outgoing.on('error', reject).end();
    });
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

  describe('with a list of URLs as baseUrl', () => {
    const baseUrl = ['https://A.example', 'https://b.example:8443/', 'http://c.example'];
    const OUTSIDE = {
      status: 400,
      error: 'invalid_redirect_uri',
      error_description: expect.stringContaining('not in the list `baseUrl`'),
    };

    it.each([
      ['a.example', 'https://a.example'],
      ['A.EXAMPLE', 'https://a.example'],
      ['a.example:443', 'https://a.example'],
      ['b.example:8443', 'https://b.example:8443'],
      ['c.example', 'http://c.example'],
      ['c.example:80', 'http://c.example'],
    ])('accepts the Host %s, with the scheme of the list', async (host, origin) => {
      await start({ baseUrl });
      for (const proto of ['http', 'https']) {
        const headers = { 'x-forwarded-host': host, 'x-forwarded-proto': proto };
        expect(await redirectUri(headers)).toBe(`${origin}/auth/dev/callback`);
        expect(await redirectUri(headers, 'logout')).toBe(`${origin}/auth/dev/signed-out`);
      }
      expect(await redirectUri({ host })).toBe(`${origin}/auth/dev/callback`);
    });

    it.each([
      'evil.example',
      'a.example.',
      'a.example.evil.example',
      'sub.a.example',
      'xa.example',
      'a.example:80',
      'a.example:8443',
      'a.example:0',
      'a.example:443@evil.example',
      'evil.example:443',
      'b.example',
      'c.example:443',
      'localhost',
      '127.0.0.1',
      '[::1]',
      'a.example,evil.example',
    ])('refuses the Host %s', async (host) => {
      await start({ baseUrl });
      for (const route of ['login', 'logout'] as const) {
        const headers = { 'x-forwarded-host': host, 'x-forwarded-proto': 'https' };
        const refused = await redirectUri(headers, route);
        // Express and Fastify use one of several forwarded hosts; none of them may be another host than those of the list
        if (host.includes(',') && typeof refused === 'string') expect(new URL(refused).host).toBe('a.example');
        else expect(refused).toMatchObject(OUTSIDE);
      }
    });

    it('ignores X-Forwarded-Host of a proxy that is not trusted', async () => {
      await start({ baseUrl, trustProxy: false } as OAuthClientModuleOptions);
      const forged = { host: 'a.example', 'x-forwarded-host': 'b.example:8443' };
      expect(await redirectUri(forged)).toBe('https://a.example/auth/dev/callback');
      expect(await redirectUri({ host: 'evil.example', 'x-forwarded-host': 'a.example' })).toMatchObject(OUTSIDE);
    });

    it('sets a Secure cookie by the scheme of the list, whatever the scheme of the request is', async () => {
      await start({ baseUrl });
      const cookieAt = async (host: string, proto: string) => {
        const headers = { 'x-forwarded-host': host, 'x-forwarded-proto': proto };
        return (await rawLogin(headers)).cookies.find((cookie) => cookie.includes('oauth_'));
      };
      expect(await cookieAt('a.example', 'http')).toMatch(/^__Host-oauth_.*; Secure/);
      expect(await cookieAt('c.example', 'https')).toMatch(/^oauth_(?!.*; Secure)/);
    });
  });

  it.each<[string, OAuthClientModuleOptions['baseUrl']]>([
    ['a list of URLs', ['http://a.example', 'http://b.example']],
    ['a list of hosts', ['a.example', 'b.example']],
    ['a function', ({ host }) => (host === 'b.example' ? 'http://b.example' : 'http://a.example')],
  ])('completes logins at several hosts with %s as baseUrl', async (_, baseUrl) => {
    await start({ baseUrl });
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
    for (const host of ['a.example', 'b.example']) {
      const options = { headers: { 'x-forwarded-host': host } };
      const visitor = new Visitor(() => site);
      const { state, location } = await visitor.login('dev', options);
      expect(location.searchParams.get('redirect_uri')).toBe(`http://${host}/auth/dev/callback`);
      const page = await visitor.callback({ code: 'c', state, iss: provider.url }, 'dev', options);
      expect(page.json()).toMatchObject({ token: { accessToken: 'a' } });
      const sent = new URLSearchParams(provider.requests.at(-1)?.body.toString());
      expect(sent.get('redirect_uri')).toBe(`http://${host}/auth/dev/callback`);
    }
  });

  it('accepts hosts in baseUrl like allowedHosts', async () => {
    await start({ baseUrl: ['App.example', 'app.example:8443'] });
    const by = (host: string) => redirectUri({ 'x-forwarded-host': host, 'x-forwarded-proto': 'https' });
    expect(await by('APP.example')).toBe('https://app.example/auth/dev/callback');
    expect(await by('app.example:8443')).toBe('https://app.example:8443/auth/dev/callback');
    for (const host of ['app.example:9', 'app.example.', 'evil.example']) expect(await by(host)).toMatchObject(REFUSED);
  });

  describe('with a function as baseUrl', () => {
    it.each([
      ['at once', () => 'https://site.example'],
      ['later', () => Promise.resolve('https://site.example/')],
    ])('ignores the Host when the function answers %s', async (_, baseUrl) => {
      await start({ baseUrl });
      const forged = { 'x-forwarded-host': 'evil.example', host: 'localhost' };
      expect(await redirectUri(forged)).toBe('https://site.example/auth/dev/callback');
      expect(await redirectUri(forged, 'logout')).toBe('https://site.example/auth/dev/signed-out');
      expect((await rawLogin(forged)).cookies.join()).toMatch(/__Host-oauth_.*; Secure/);
    });

    it.each<[string, unknown]>([
      ['a host', 'site.example'],
      ['a URL with a path', 'https://site.example/path'],
      ['a URL with a user', 'https://a.example@evil.example'],
      ['a URL with a query', 'https://evil.example?x'],
      ['another scheme', 'ftp://evil.example'],
      ['a script', 'javascript:alert(1)'],
      ['an empty string', ''],
      ['a list', ['https://evil.example']],
      ['a URL object', new URL('https://evil.example')],
      ['nothing', undefined],
    ])('refuses %s from the function, and does not fall back to the Host', async (_, result) => {
      await start({ baseUrl: (() => result) as () => string, allowedHosts: ['evil.example'] });
      for (const route of ['login', 'logout'] as const) {
        for (const host of ['evil.example', 'localhost']) {
          const answer = await redirectUri({ 'x-forwarded-host': host, 'x-forwarded-proto': 'https' }, route);
          expect(answer).toMatchObject({ status: 500, error: 'invalid_redirect_uri' });
        }
      }
    });

    it.each([
      [
        'throws',
        () => {
          throw new Error('s3cret');
        },
      ],
      ['rejects', () => Promise.reject(new Error('s3cret'))],
    ])('responds with 500 when the function %s, without its message', async (_, baseUrl) => {
      await start({ baseUrl, allowedHosts: ['evil.example'] });
      const answer = await redirectUri({ 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' });
      expect(answer).toMatchObject({ status: 500, error: 'invalid_configuration' });
      expect(JSON.stringify(answer)).not.toContain('s3cret');
    });
  });

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

    it.each<[string, OAuthClientModuleOptions]>([
      ['a URL', { baseUrl: 'https://site.example' }],
      ['a function', { baseUrl: () => 'https://site.example' }],
    ])('ignores the Host when baseUrl is %s', async (_, options) => {
      await start(options, settings);
      expect(await redirectUri({ host: 'evil.example' })).toBeNull(); // the redirect URI is in the pushed or signed request
    });

    it('accepts only a Host of a list of URLs as baseUrl', async () => {
      await start({ baseUrl: ['https://a.example', 'https://b.example'] }, settings);
      expect(await redirectUri({ host: 'a.example' })).toBeNull();
      for (const host of ['evil.example', 'localhost']) {
        expect(await redirectUri({ host })).toMatchObject({ status: 400, error: 'invalid_redirect_uri' });
      }
    });

    it('refuses a Host of a list of hosts as baseUrl, because the scheme is not trusted', async () => {
      await start({ baseUrl: ['a.example'] }, settings);
      expect(await redirectUri({ host: 'a.example' })).toMatchObject({ status: 500, error: 'invalid_redirect_uri' });
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
  ])('refuses %p as a Host', async (host) => {
    expect(parseHost('https', host)).toBeUndefined();
    const request = { protocol: 'https', host: host as string };
    expect(() => absoluteRedirectUri('/cb', 'dev', request, {})).toThrow('`baseUrl`');
    const listed = { origins: ['https://localhost', 'http://localhost:3000'] };
    expect(() => absoluteRedirectUri('/cb', 'dev', request, listed)).toThrow('`baseUrl`');
  });

  it('refuses a Host that is longer than a host name can be', () => {
    expect(parseHost('https', 'x'.repeat(301))).toBeUndefined();
  });

  it.each(['javascript', 'ftp', 'https:', '', 7])('refuses %p as the protocol', async (protocol) => {
    const request = { protocol: protocol as string, host: 'localhost' };
    expect(() => absoluteRedirectUri('/cb', 'dev', request, {})).toThrow('`baseUrl`');
  });
});

describe('redirect URIs', () => {
  const site = { baseUrl: 'https://site.example' };
  const resolve = async (uri: unknown): Promise<string> => absoluteRedirectUri(uri, 'dev', {}, site);

  it.each(['//evil.example/cb', '/\\evil.example/cb', '\\\\evil.example', '/\\/evil.example'])(
    'open redirect: the path %j does not leave the site',
    async (uri) => {
      await expect(resolve(uri)).rejects.toMatchObject({ error: 'invalid_redirect_uri', status: 500 });
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
  ])('refuses the redirect URI %j', async (uri) => {
    await expect(resolve(uri)).rejects.toMatchObject({ error: 'invalid_redirect_uri', status: 500 });
  });

  it('refuses a redirect URI of more than 2,048 characters', async () => {
    await expect(resolve(`/${'x'.repeat(2_048)}`)).rejects.toThrow('invalid_redirect_uri');
  });

  it.each([[['/a', '/b']], [{ href: '/a' }], [7], [true]])(
    'refuses %p from a query as the redirect URI',
    async (uri) => {
      await expect(resolve(uri)).rejects.toMatchObject({ error: 'invalid_redirect_uri', status: 400 });
    },
  );

  it.each(['https://other.example/cb', 'http://localhost:3000/cb', 'com.example.app:/cb', 'com.example.app://cb'])(
    'accepts the redirect URI %s',
    async (uri) => {
      expect(await resolve(uri)).toBe(uri);
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

describe('a list as baseUrl', () => {
  it.each([
    [[]],
    [['https://a.example', 'b.example']],
    [['https://a.example/path']],
    [['https://*.example']],
    [['*.example']],
    [['ftp://a.example']],
    [['https://a.example', 5]],
    [{ url: 'https://a.example' }],
    [5],
    [Array.from({ length: 101 }, (_, index) => `https://a${index}.example`)],
  ])('is refused at startup if it is %j', async (baseUrl) => {
    await expect(registryWith({ options: { baseUrl } })).rejects.toThrow('baseUrl: expected an http or https URL');
  });

  it.each([
    [['https://a.example', 'http://a.example']],
    [['https://a.example', 'https://A.example/']],
    [['https://a.example', 'https://a.example:443']],
  ])('is refused at startup if it contains a host twice: %j', async (baseUrl) => {
    await expect(registryWith({ options: { baseUrl } })).rejects.toThrow('baseUrl: a host is in the array twice');
  });

  it('is refused at startup beside allowedHosts if it contains hosts', async () => {
    const options = { baseUrl: ['a.example'], allowedHosts: ['b.example'] };
    await expect(registryWith({ options })).rejects.toThrow('allowedHosts: baseUrl lists the hosts');
  });
});
