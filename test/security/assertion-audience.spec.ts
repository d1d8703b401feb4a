import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { generateKeyPairSync } from 'node:crypto';
import type { OAuth2App } from 'nestjs-oauth-client';
import { assertionAudience, makeProvider } from '../../lib/oauth2/provider/provider.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';

const HONEST = 'https://honest.example/token';
const PATHS = ['/token', '/par', '/revoke', '/introspect', '/device', '/ciba', '/refresh'];
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

describe('the audience of a client assertion', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let provider: ScriptedProvider;
  let app: TestApp | undefined;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    for (const path of PATHS) provider.on(`POST ${path}`, () => ({ status: 400, json: { error: 'invalid_request' } }));
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await provider.close();
  });

  /** Returns a client of a provider whose metadata name a token endpoint, by default one of another provider. */
  async function client(clientAssertionAudience: string | undefined, method: string, tokenEndpoint = HONEST) {
    const at = (path: string): string => provider.url + path;
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: {
        issuer: provider.url,
        authorization_endpoint: at('/authorize'),
        token_endpoint: tokenEndpoint,
        pushed_authorization_request_endpoint: at('/par'),
        revocation_endpoint: at('/revoke'),
        introspection_endpoint: at('/introspect'),
        device_authorization_endpoint: at('/device'),
        backchannel_authentication_endpoint: at('/ciba'),
      },
    }));
    const dev = {
      clientId: 'dev',
      clientSecret: 'a secret of more than thirty-two bytes',
      issuer: provider.url,
      privateKeys: [privateKey],
      requirePushedAuthorizationRequests: true,
      clientAssertionAudience,
      clientKwargs: { tokenEndpointAuthMethod: method, scope: 'openid' },
    };
    app = await testApp({ clients: { dev: dev } });
    return app.registry.get<OAuth2App>('dev');
  }

  async function callAll(dev: OAuth2App): Promise<void> {
    const token = { accessToken: 'a', refreshToken: 'r' };
    await Promise.allSettled([
      dev.createAuthorizationUrl(),
      dev.revokeToken({ token }),
      dev.introspectToken({ token }),
      dev.deviceAuthorization(),
      dev.backchannelAuthentication({ loginHint: 'ada' }),
    ]);
  }

  function audiences(): Record<string, unknown> {
    const sent = provider.requests.filter(({ method }) => method === 'POST');
    return Object.fromEntries(
      sent.map(({ path, body }) => [
        path,
        decodeJwt(new URLSearchParams(body.toString()).get('client_assertion') ?? '').aud,
      ]),
    );
  }

  const ELSEWHERE = ['/par', '/revoke', '/introspect', '/device', '/ciba'];
  const METHODS = ['private_key_jwt', 'client_secret_jwt'];

  it.each(METHODS)(
    'mix-up: sends no assertion for the token endpoint of another provider that the metadata name, with %s',
    async (method) => {
      await callAll(await client('token_endpoint', method));
      expect(audiences()).toEqual(Object.fromEntries(ELSEWHERE.map((path) => [path, provider.url])));
    },
  );

  it.each(METHODS)(
    'the audience is the URL of each request with client_assertion_audience: endpoint, with %s',
    async (method) => {
      const dev = await client('endpoint', method, `${provider.url}/token`);
      await callAll(dev);
      await dev.fetchAccessToken({ code: 'c' }).catch(() => undefined);
      const paths = [...ELSEWHERE, '/token'];
      expect(audiences()).toEqual(Object.fromEntries(paths.map((path) => [path, provider.url + path])));
    },
  );

  it.each(METHODS)('the audience is the issuer at every endpoint by default, with %s', async (method) => {
    const dev = await client(undefined, method, `${provider.url}/token`);
    await callAll(dev);
    await dev.fetchAccessToken({ code: 'c' }).catch(() => undefined);
    expect(audiences()).toEqual(Object.fromEntries([...ELSEWHERE, '/token'].map((path) => [path, provider.url])));
  });

  it('the audience is the token endpoint with client_assertion_audience: token_endpoint', async () => {
    const dev = await client('token_endpoint', 'private_key_jwt', `${provider.url}/token`);
    await dev.fetchAccessToken({ code: 'c' }).catch(() => undefined);
    expect(audiences()).toEqual({ '/token': `${provider.url}/token` });
  });

  it.each([
    ['endpoint', '/token'],
    ['token_endpoint', '/token'],
    ['issuer', ''],
  ])(
    'the audience of a grant (RFC 7523) with client_assertion_audience: %s is %s of the provider',
    async (audience, path) => {
      const dev = await client(audience, 'client_secret_post', `${provider.url}/token`);
      await dev.fetchAccessToken({ grantType: JWT_BEARER, claims: { sub: 'ada' } }).catch(() => undefined);
      const [request] = provider.requests.filter(({ method }) => method === 'POST');
      const { aud } = decodeJwt(new URLSearchParams(request?.body.toString()).get('assertion') ?? '');
      expect(aud).toBe(provider.url + path);
    },
  );

  it('the audience is the mutual-TLS alias of the token endpoint when the request is sent there', () => {
    const config = { clientAssertionAudience: 'endpoint', usesMutualTls: true, name: 'dev' };
    const server = {
      issuer: 'https://p.test',
      token_endpoint: 'https://p.test/token',
      mtls_endpoint_aliases: { token_endpoint: 'https://mtls.p.test/token' },
    };
    const made = makeProvider({ config } as never, server);
    expect(assertionAudience(made, 'token_endpoint')).toBe('https://mtls.p.test/token');
  });
});
