import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { AxiosAdapter } from 'axios';
import type { OAuth2App } from 'nestjs-oauth-client';
import { ENDPOINTS, registryWith } from '../config/registry-with.js';

const TENANT = { ...ENDPOINTS, client_id: 'id', client_secret: 's' };
const OTHER_HOSTS = ['keycloak:8080', 'provider.test', '10.0.0.1', '192.168.1.1', 'localhost.evil.example', '[::2]'];
const THIS_MACHINE = ['localhost:4000', 'idp.localhost', '127.0.0.1:4000', '127.9.9.9', '[::1]:4000'];

describe.each(['access_token_url', 'issuer', 'jwks_uri', 'api_base_url', 'userinfo_endpoint', 'api_origins'])(
  'tokens over plain http: %s',
  (key) => {
    const settings = (host: string, insecure?: boolean) => ({
      ...TENANT,
      [key]: key === 'api_origins' ? [`http://${host}`] : `http://${host}`,
      ...(insecure !== undefined && { allow_insecure_http: insecure }),
    });

    it.each(OTHER_HOSTS)('allow_insecure_http alone does not allow http at %s', async (host) => {
      const dev = settings(host, true);
      const why = `dev.${key}: must be https, because allow_insecure_http applies only to localhost, 127.0.0.0/8 and [::1]`;
      await expect(registryWith({ options: { clients: { dev } } })).rejects.toThrow(why);
      const registry = await registryWith({});
      expect(() => registry.register('dev', dev)).toThrow(why);
    });

    it.each(OTHER_HOSTS)('the module option alone does not allow http at %s', async (host) => {
      const options = { allowInsecureHttp: true, clients: { dev: settings(host) } };
      await expect(registryWith({ options })).rejects.toThrow(
        `dev.${key}: must be https; for a provider on this machine`,
      );
    });

    it.each(OTHER_HOSTS)('allow_insecure_http and the module option together allow http at %s', async (host) => {
      const registry = await registryWith({
        options: { allowInsecureHttp: true, clients: { dev: settings(host, true) } },
      });
      registry.register('tenant', settings(host, true));
      expect(registry.names).toEqual(['dev', 'tenant']);
    });

    it.each(THIS_MACHINE)('allow_insecure_http allows http at the loopback host %s', async (host) => {
      expect((await registryWith({ options: { clients: { dev: settings(host, true) } } })).has('dev')).toBe(true);
      await expect(registryWith({ options: { clients: { dev: settings(host) } } })).rejects.toThrow('must be https');
    });
  },
);

describe('an http endpoint in https metadata', () => {
  /** Begins a login of a client whose metadata, read over https, has an http authorization endpoint. */
  async function begin(host: string, options: object, insecure: boolean): Promise<string> {
    const metadata = {
      issuer: 'https://p.test',
      authorization_endpoint: `http://${host}/a`,
      token_endpoint: 'https://p.test/t',
    };
    const adapter = (async (config: object) => ({
      data: JSON.stringify(metadata),
      status: 200,
      headers: { 'content-type': 'application/json' },
      statusText: '',
      config,
    })) as unknown as AxiosAdapter;
    const dev = { client_id: 'id', issuer: 'https://p.test', allow_insecure_http: insecure };
    const registry = await registryWith({ options: { ...options, http: { adapter }, clients: { dev } } });
    return (await registry.get<OAuth2App>('dev').createAuthorizationUrl('https://app.test/cb')).url;
  }

  it.each([
    ['localhost', {}, false],
    ['p.test', {}, true],
    ['p.test', { allowInsecureHttp: true }, false],
  ])(
    'ignores an http endpoint on %s with the options %j and allow_insecure_http %j',
    async (host, options, insecure) => {
      await expect(begin(host, options, insecure)).rejects.toThrow('have a usable authorization_endpoint');
    },
  );

  it.each([
    ['localhost', {}],
    ['p.test', { allowInsecureHttp: true }],
  ])('uses an http endpoint on %s with the options %j and allow_insecure_http', async (host, options) => {
    expect(await begin(host, options, true)).toContain(`http://${host}/a?`);
  });
});

it.each([1, 'yes', null])('refuses %j for the module option allowInsecureHttp', async (allowInsecureHttp) => {
  await expect(registryWith({ options: { allowInsecureHttp } })).rejects.toThrow(
    'allowInsecureHttp: expected true or false',
  );
});

describe('tokens in URLs', () => {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);

  afterEach(() => {
    warn.mockClear();
  });

  it('logs one warning per client that sends tokens in URLs, at its first use', async () => {
    const inUrl = { ...TENANT, client_kwargs: { token_placement: 'uri' } };
    const registry = await registryWith({ options: { clients: { one: inUrl, two: inUrl, safe: TENANT } } });
    expect(warn).not.toHaveBeenCalled();
    for (const name of ['one', 'one', 'two', 'safe']) registry.get(name);
    registry.register('one', { ...inUrl, client_kwargs: { token_placement: 'uri' } }, { replace: true });
    registry.get('one');
    expect(warn.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringMatching(/^the client "one" sends its tokens in URLs \(token_placement: uri\).*RFC 6750 §2\.3/),
      expect.stringMatching(/^the client "two" sends its tokens in URLs/),
    ]);
  });
});
