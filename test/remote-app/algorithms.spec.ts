import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ClientRegistration, OAuth2App, OAuthError } from 'nestjs-oauth-client';
import { registryWith } from '../config/registry-with.js';
import { metadataOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Returns a JWT with valid claims and an invalid signature. */
function signedWith(alg: string, iss: string, typ = 'JWT'): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss, sub: 'ada', aud: 'dev', iat, exp: iat + 60, token_introspection: { active: true } };
  return `${part({ alg, typ })}.${part(claims)}.c2ln`;
}

describe('unsupported algorithms', () => {
  let provider: ScriptedProvider;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    const { url } = provider;
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: metadataOf(provider, {
        jwks_uri: `${url}/jwks`,
        userinfo_endpoint: `${url}/userinfo`,
        introspection_endpoint: `${url}/introspect`,
        device_authorization_endpoint: `${url}/device`,
        id_token_signing_alg_values_supported: ['RS256', 'ES256K'],
        userinfo_signing_alg_values_supported: ['RS256', 'ES256K'],
        introspection_signing_alg_values_supported: ['RS256', 'ES256K'],
      }),
    }));
  });

  afterEach(() => provider.close());

  async function appWith(settings: object = {}): Promise<OAuth2App> {
    const dev = { clientId: 'dev', clientSecret: 's3cret', issuer: provider.url, allowInsecureHttp: true, ...settings };
    const clients = { dev: dev as ClientRegistration };
    return (await registryWith({ options: { clients } })).get<OAuth2App>('dev');
  }

  function answers(alg: string): void {
    provider.on('POST /token', () => ({
      json: { access_token: 'a', token_type: 'Bearer', id_token: signedWith(alg, provider.url) },
    }));
    const headers = { 'content-type': 'application/jwt' };
    provider.on('GET /userinfo', () => ({ headers, body: signedWith(alg, provider.url) }));
    const introspection = { 'content-type': 'application/token-introspection+jwt' };
    provider.on('POST /introspect', () => ({
      headers: introspection,
      body: signedWith(alg, provider.url, 'token-introspection+jwt'),
    }));
  }

  const token = { accessToken: 'access-token' };
  const calls: [string, string, (app: OAuth2App) => Promise<unknown>][] = [
    ['an id_token', 'id_token', (app) => app.fetchAccessToken({ code: 'c', codeVerifier: 'v'.repeat(43) })],
    ['userinfo', 'userinfo', (app) => app.userinfo({ token })],
    ['an introspection', 'introspection', (app) => app.introspectToken({ token })],
  ];

  async function failure(call: Promise<unknown>): Promise<string> {
    const error = (await call.catch((reason: unknown) => reason)) as OAuthError;
    expect(error.error).toBe('token_invalid');
    return String(error.description);
  }

  it.each(calls)('the error for the signature of %s names the algorithm and the setting', async (_, what, call) => {
    const app = await appWith();
    answers('ES256K');
    expect(await failure(call(app))).toMatch(
      new RegExp(`${what} is signed with "ES256K", which is not supported.*set ${what}_signed_response_alg`),
    );
    answers('HS256');
    expect(await failure(call(app))).toMatch(
      new RegExp(`${what} is signed with "HS256", expected \\["RS256","ES256K"\\].*set ${what}_signed_response_alg`),
    );
    const own = await appWith({ [`${what}_signed_response_alg`]: 'PS256' });
    answers('RS256');
    expect(await failure(call(own))).toMatch(
      new RegExp(`${what} is signed with "RS256", expected "PS256"\\. Check ${what}_signed_response_alg`),
    );
  });

  it('the error for an encrypted id_token names the algorithm', async () => {
    const idToken = `${part({ alg: 'RSA1_5', enc: 'A128CBC-HS256' })}.a.b.c.d`;
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'Bearer', id_token: idToken } }));
    const call = (await appWith()).fetchAccessToken({ code: 'c', codeVerifier: 'v'.repeat(43) });
    expect(await failure(call)).toContain('it is encrypted (alg RSA1_5, enc A128CBC-HS256), and none of');
  });

  it('ends a device login at once when the provider’s keys cannot be read, because the code is used up', async () => {
    const device = {
      device_code: 'd',
      user_code: 'u',
      verification_uri: 'https://p.test',
      expires_in: 60,
      interval: 1,
    };
    provider.on('POST /device', () => ({ json: device }));
    provider.on('GET /jwks', () => ({ status: 503, body: 'down' }));
    answers('RS256');
    const login = await (await appWith()).deviceAuthorization();
    await expect(login.wait()).rejects.toThrow("the provider's keys cannot be read");
    expect(provider.requests.filter(({ path }) => path === '/token')).toHaveLength(1);
  });
});
