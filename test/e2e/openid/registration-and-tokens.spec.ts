import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import type { OAuth2ClientSettings } from 'nestjs-oauth-client/protocol';
import { newKey, publicJwk } from '../../support/keys.js';
import { startSite, type Site } from '../../support/openid-site.js';

const KEY = newKey('P-256');
const DECRYPTION_KEY = newKey('RSA');

describe('a token', () => {
  let site: Site;

  beforeAll(async () => {
    site = await startSite({
      clients: {
        plain: {},
        posting: { metadata: { token_endpoint_auth_method: 'client_secret_post' } },
        signed: {
          metadata: { introspection_signed_response_alg: 'RS256' },
          settings: { introspectionSignedResponseAlg: 'RS256' },
        },
        sealed: {
          metadata: {
            jwks: { keys: [publicJwk(DECRYPTION_KEY, { kid: 'enc', use: 'enc' })] },
            introspection_signed_response_alg: 'RS256',
            introspection_encrypted_response_alg: 'RSA-OAEP-256',
          },
          settings: {
            introspectionSignedResponseAlg: 'RS256',
            privateKeys: { key: DECRYPTION_KEY, kid: 'enc', use: 'enc' },
          },
        },
      },
    });
  });

  afterAll(() => site.close());

  it.each(['plain', 'posting'])('is revoked with its grant through the refresh token (%s)', async (name) => {
    const { token } = await site.signIn(name);
    const client = site.client(name);
    expect(await client.introspectToken({ token })).toMatchObject({ active: true });
    await client.revokeToken({ token });
    expect(site.seenAt('revocation').at(-1)).toMatchObject({
      sent: { token: token.refreshToken, token_type_hint: 'refresh_token' },
      status: 200,
    });
    expect(await client.introspectToken({ token })).toEqual({ active: false });
    await expect(client.fetchAccessToken({ grantType: 'refresh_token', token })).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('is revoked through the access token if it has no refresh token', async () => {
    const { token } = await site.signIn('plain');
    const plain = site.client('plain');
    await plain.revokeToken({ token: { accessToken: token.accessToken } });
    expect(site.seenAt('revocation').at(-1)?.sent).toMatchObject({ token_type_hint: 'access_token' });
    const call = plain.get('me', { token: { accessToken: token.accessToken } });
    await expect(call).rejects.toMatchObject({ answer: { status: 401 } });
  });

  it('is introspected', async () => {
    const { token } = await site.signIn('plain', { user: 'grace' });
    const said = await site.client('plain').introspectToken({ token });
    expect(said).toMatchObject({ active: true, sub: '1906', client_id: 'plain', scope: 'openid profile email' });
    expect(site.seenAt('introspection').at(-1)?.answer).toEqual(said);
  });

  it.each([
    ['signed', { typ: 'token-introspection+jwt', alg: 'RS256' }],
    ['sealed', { alg: 'RSA-OAEP-256', kid: 'enc' }],
  ])('is introspected with a response that is a JWT (%s)', async (name, header) => {
    const { token } = await site.signIn(name);
    expect(await site.client(name).introspectToken({ token })).toMatchObject({
      active: true,
      sub: '1815',
      client_id: name,
    });
    expect(decodeProtectedHeader(String(site.seenAt('introspection').at(-1)?.answer))).toMatchObject(header);
  });

  it.each(['introspectToken', 'revokeToken'] as const)(
    'is not introspected or revoked for a client with a wrong secret (%s)',
    async (ask) => {
      const { token } = await site.signIn('plain');
      const guessed = { ...settings(site.oidc.url), clientId: 'plain', clientSecret: 'guessed' };
      site.registry.register('stranger', guessed, { replace: true });
      const { issuer: _, clientId: __, ...unbound } = token; // a token of another client would not be sent
      await expect(site.client('stranger')[ask]({ token: unbound })).rejects.toMatchObject({
        error: 'invalid_client',
        status: 502,
      });
    },
  );
});

function settings(issuer: string): OAuth2ClientSettings {
  return { issuer, allowInsecureHttp: true, apiBaseUrl: `${issuer}/`, clientKwargs: { scope: 'openid profile' } };
}

describe('a client that registers itself', () => {
  let site: Site;
  const INITIAL = 'let-me-in';

  beforeAll(async () => {
    site = await startSite({
      clients: {},
      configuration: { features: { registration: { enabled: true, initialAccessToken: INITIAL } } },
    });
  });

  afterAll(() => site.close());

  function metadata(name: string) {
    return {
      client_name: 'The new app',
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [`${site.url}/auth/${name}/callback`],
    };
  }

  it('signs users in with the client_id and client_secret that it received', async () => {
    const { oidc, registry } = site;
    const given = await registry.registerDynamically('fresh', settings(oidc.url), metadata('fresh'), INITIAL);
    expect(given).toMatchObject({
      client_id: expect.any(String),
      client_secret: expect.any(String),
      registration_access_token: expect.any(String),
    });
    const { page } = await site.begin('fresh');
    expect(page.text).toContain('The new app');
    const { authorization, token, userInfo } = await site.signIn('fresh');
    expect(authorization.searchParams.get('client_id')).toBe(given.client_id);
    expect(userInfo).toMatchObject({ sub: '1815', name: 'Ada Lovelace' });
    expect((await site.client('fresh').get('me', { token })).data).toMatchObject({ sub: '1815' });
  });

  it('authenticates with a key', async () => {
    const { oidc, registry } = site;
    const keyed = { ...settings(oidc.url), privateKeys: { key: KEY, kid: 'k' } };
    const { client_secret } = await registry.registerDynamically(
      'keyed',
      keyed,
      {
        ...metadata('keyed'),
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [publicJwk(KEY, { kid: 'k' })] },
      },
      INITIAL,
    );
    expect(client_secret).toBeUndefined();
    expect((await site.signIn('keyed')).userInfo).toMatchObject({ sub: '1815' });
    expect(site.seenAt('token').at(-1)?.sent).toHaveProperty('client_assertion');
  });

  it('is not registered with a wrong initial access token', async () => {
    const { oidc, registry } = site;
    const registering = registry.registerDynamically('stranger', settings(oidc.url), metadata('stranger'), 'guessed');
    await expect(registering).rejects.toMatchObject({ error: 'invalid_token', status: 502 });
    expect(registry.has('stranger')).toBe(false);
  });

  it('receives an error that names the invalid metadata', async () => {
    const { oidc, registry } = site;
    const wrong = { ...metadata('wrong'), redirect_uris: ['https://app.example/#fragment'] };
    const registering = registry.registerDynamically('wrong', settings(oidc.url), wrong, INITIAL);
    await expect(registering).rejects.toMatchObject({
      error: 'invalid_redirect_uri',
      description: expect.stringContaining('fragment'),
    });
  });
});
