import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KeyObject } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import type { ClientMetadata } from 'oidc-provider';
import type { OAuth2ClientSettings } from 'nestjs-oauth-client/protocol';
import { newKey, privateJwk, publicJwk } from '../../support/keys.js';
import { startSite, type Site, type SiteClient } from '../../support/openid-site.js';
import { testApp } from '../../support/test-app.js';

const RSA = newKey('RSA');
const EC = newKey('P-256');
const X25519 = newKey('X25519');

/** A client for which the provider encrypts, with the key that the client is registered with. */
function decrypting(
  metadata: Partial<ClientMetadata>,
  key: KeyObject,
  settings: OAuth2ClientSettings = { privateKeys: { key, kid: 'enc', use: 'enc' } },
): SiteClient {
  return { metadata: { jwks: { keys: [publicJwk(key, { kid: 'enc', use: 'enc' })] }, ...metadata }, settings };
}

const RSA_ID_TOKEN = {
  id_token_encrypted_response_alg: 'RSA-OAEP-256',
  id_token_encrypted_response_enc: 'A256GCM',
} as const;
const ECDH_ID_TOKEN = { id_token_encrypted_response_alg: 'ECDH-ES' } as const;

describe('a client', () => {
  let site: Site;

  beforeAll(async () => {
    site = await startSite({
      app: await testApp({ withBaseUrl: true }),
      clients: (url) => ({
        rs256: {},
        ...Object.fromEntries(
          (['ES256', 'PS256', 'Ed25519'] as const).map((alg) => [
            alg.toLowerCase(),
            { metadata: { id_token_signed_response_alg: alg }, settings: { idTokenSignedResponseAlg: alg } },
          ]),
        ),
        strict: { settings: { idTokenSignedResponseAlg: 'ES256' } },
        rsa: decrypting(RSA_ID_TOKEN, RSA),
        ec: decrypting(ECDH_ID_TOKEN, EC),
        x25519: decrypting(ECDH_ID_TOKEN, X25519),
        nameless: decrypting(ECDH_ID_TOKEN, EC, { privateKeys: [X25519, EC] }),
        published: {
          metadata: { jwks_uri: `${url}/auth/published/jwks`, ...RSA_ID_TOKEN },
          settings: { privateKeys: [EC, { key: RSA, use: 'enc' }] },
        },
        keyless: decrypting(RSA_ID_TOKEN, RSA, { privateKeys: newKey('RSA') }),
        plain: { settings: { userInfoFrom: 'userinfo' } },
        signed: {
          metadata: { userinfo_signed_response_alg: 'ES256' },
          settings: { userInfoFrom: 'userinfo', userinfoSignedResponseAlg: 'ES256' },
        },
        unsigned: { settings: { userInfoFrom: 'userinfo', userinfoSignedResponseAlg: 'RS256' } },
        sealed: decrypting(
          { userinfo_signed_response_alg: 'RS256', userinfo_encrypted_response_alg: 'RSA-OAEP-256' },
          RSA,
          { userInfoFrom: 'userinfo', privateKeys: { key: RSA, kid: 'enc', use: 'enc' } },
        ),
      }),
      configuration: {
        conformIdTokenClaims: true, // the id_token contains no profile claims
        jwks: {
          keys: [
            privateJwk(newKey('RSA'), { kid: 'rsa', use: 'sig' }),
            privateJwk(EC, { kid: 'ec', use: 'sig' }),
            privateJwk(newKey('Ed25519'), { kid: 'ed', use: 'sig' }),
          ],
        },
      },
    });
  });

  afterAll(() => site.close());

  it.each(['RS256', 'ES256', 'PS256', 'Ed25519'])('accepts an id_token that is signed with %s', async (alg) => {
    const { token, userInfo } = await site.signIn(alg.toLowerCase());
    expect(decodeProtectedHeader(token.idToken ?? '').alg).toBe(alg);
    expect(userInfo).toMatchObject({ sub: '1815' });
    expect(userInfo).not.toHaveProperty('name');
  });

  it('refuses an id_token that is signed with another algorithm than in the settings', async () => {
    const { page } = await site.authorize('strict');
    expect(page.status).toBe(502);
    expect(page.json()).toMatchObject({ error: 'token_invalid', error_description: expect.stringContaining('ES256') });
  });

  it.each([
    ['rsa', { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 'enc' }],
    ['ec', { alg: 'ECDH-ES', enc: 'A128CBC-HS256', kid: 'enc', epk: { crv: 'P-256' } }],
    ['x25519', { alg: 'ECDH-ES', kid: 'enc', epk: { crv: 'X25519' } }],
    ['nameless', { alg: 'ECDH-ES', epk: { crv: 'P-256' } }],
  ])('decrypts an id_token that is encrypted for it (%s)', async (name, header) => {
    const { token, userInfo } = await site.signIn(name);
    expect(decodeProtectedHeader(token.idToken ?? '')).toMatchObject(header);
    expect(userInfo).toMatchObject({ sub: '1815' });
    const client = site.client(name);
    expect(await client.userinfo({ token })).toMatchObject({ sub: '1815', name: 'Ada Lovelace' });
    const renewed = await client.fetchAccessToken({ grantType: 'refresh_token', token });
    expect(renewed.idToken).not.toBe(token.idToken);
  });

  it('decrypts an id_token that is encrypted with a key that it publishes', async () => {
    const { token, userInfo } = await site.signIn('published');
    expect(decodeProtectedHeader(token.idToken ?? '').alg).toBe('RSA-OAEP-256');
    expect(userInfo).toMatchObject({ sub: '1815' });
  });

  it('refuses an id_token that it cannot decrypt', async () => {
    const { page } = await site.authorize('keyless');
    expect(page.status).toBe(502);
    expect(page.json()).toMatchObject({
      error: 'token_invalid',
      error_description: expect.stringContaining('decrypts'),
    });
  });

  it.each([
    ['plain', 'application/json'],
    ['signed', 'application/jwt'],
    ['sealed', 'application/jwt'],
  ])('reads userinfo at each login and on request (%s)', async (name, type) => {
    const { token, userInfo } = await site.signIn(name);
    const user = { sub: '1815', name: 'Ada Lovelace', email: 'ada@example.org' };
    expect(userInfo).toMatchObject(user);
    expect(await site.client(name).userinfo({ token })).toMatchObject(user);
    const { answer } = site.seenAt('userinfo').at(-1)!;
    if (type === 'application/json') expect(answer).toEqual(user);
    else expect(decodeProtectedHeader(String(answer)).alg).toBe(name === 'signed' ? 'ES256' : 'RSA-OAEP-256');
  });

  it('refuses unsigned userinfo if the settings require a signature', async () => {
    const { page } = await site.authorize('unsigned');
    expect(page.status).toBe(502);
    expect(page.json()).toMatchObject({ error: 'token_invalid' });
  });
});
