import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, type JWK } from 'jose';
import type { ClientMetadata } from 'oidc-provider';
import type { OAuth2ClientSettings } from 'nestjs-oauth-client/protocol';
import { newKey, privateJwk, publicJwk } from '../../support/keys.js';
import { startSite, type Site, type SiteClient } from '../../support/openid-site.js';
import { testApp } from '../../support/test-app.js';

const RSA = newKey('RSA');
const EC = newKey('P-256');
const ED25519 = newKey('Ed25519');
const X25519 = newKey('X25519');
const OLD = { key: newKey('P-256'), kid: 'old' };
const NEXT = { key: newKey('P-256'), kid: 'next' };

type PrivateKeys = OAuth2ClientSettings['privateKeys'];

/** Keys that change while the app runs. */
let rotating: { key: KeyObject; kid: string }[] = [];

type Published = { jwks: { keys: JWK[] } } | { jwks_uri: string };

/** The JWK Set that registers a key. The `kid` is its thumbprint by default. */
async function registered(key: KeyObject, kid?: string): Promise<Published> {
  const jwk = publicJwk(key);
  return { jwks: { keys: [{ ...jwk, kid: kid ?? (await calculateJwkThumbprint(jwk)) }] } };
}

function byKey(
  privateKeys: PrivateKeys,
  published: Published,
  alg?: ClientMetadata['token_endpoint_auth_signing_alg'],
): SiteClient {
  return {
    metadata: {
      token_endpoint_auth_method: 'private_key_jwt',
      ...(alg && { token_endpoint_auth_signing_alg: alg }),
      ...published,
    },
    settings: { privateKeys },
  };
}

describe('a client that authenticates with a key', () => {
  let site: Site;

  beforeAll(async () => {
    const pem = RSA.export({ type: 'pkcs8', format: 'pem' }).toString();
    const [rsa, ec] = [await registered(RSA), await registered(EC)];
    const [ed25519, one, ps256] = [await registered(ED25519, 'ed'), await registered(EC, 'one'), await registered(RSA)];
    site = await startSite({
      app: await testApp({ withBaseUrl: true }),
      clients: (url) => ({
        rs256: byKey(pem, rsa, 'RS256'),
        ps256: byKey(privateJwk(RSA, { alg: 'PS256' }), rsa, 'PS256'),
        es256: byKey(EC, ec, 'ES256'),
        ed25519: byKey([{ key: ED25519, kid: 'ed' }], ed25519, 'Ed25519'),
        hs256: {
          metadata: { token_endpoint_auth_method: 'client_secret_jwt', token_endpoint_auth_signing_alg: 'HS256' },
        },
        endpoint: { ...byKey(EC, ec), settings: { privateKeys: EC, clientAssertionAudience: 'token_endpoint' } },
        one: byKey({ key: EC, kid: 'one' }, one),
        first: byKey({ key: RSA, alg: 'RS256' }, rsa, 'RS256'),
        second: byKey({ key: RSA, alg: 'PS256' }, ps256, 'PS256'),
        mixed: byKey([X25519, EC], ec),
        published: byKey([EC, { key: RSA, use: 'enc' }], { jwks_uri: `${url}/auth/published/jwks` }),
        rotating: byKey(() => rotating, { jwks_uri: `${url}/auth/rotating/jwks` }),
        wrong: byKey(NEXT, ec),
      }),
    });
  });

  afterAll(() => site.close());

  function lastAssertion(): string {
    return site.seenAt('token').at(-1)?.sent.client_assertion ?? '';
  }

  it.each([
    ['RS256', 'in PEM'],
    ['PS256', 'in a JWK'],
    ['ES256', 'that is a KeyObject'],
    ['Ed25519', 'of a list'],
    ['HS256', 'made of its secret'],
  ])('signs in with %s, by a key %s', async (alg) => {
    const name = alg.toLowerCase();
    const { userInfo } = await site.signIn(name);
    expect(userInfo).toMatchObject({ sub: '1815' });
    expect(decodeProtectedHeader(lastAssertion()).alg).toBe(alg);
    expect(decodeJwt(lastAssertion())).toMatchObject({ iss: name, sub: name, aud: site.oidc.url });
    expect(site.seenAt('token').at(-1)?.sent).not.toHaveProperty('client_secret');
  });

  it('authenticates with its key at every endpoint', async () => {
    const { token } = await site.signIn('es256');
    const es256 = site.client('es256');
    const renewed = await es256.fetchAccessToken({ grantType: 'refresh_token', token });
    expect(await es256.introspectToken({ token: renewed })).toMatchObject({ active: true });
    await es256.revokeToken({ token: renewed });
    expect(await es256.introspectToken({ token: renewed })).toEqual({ active: false });
    const assertions = ['token', 'introspection', 'revocation'].map((route) => site.seenAt(route).at(-1)?.sent);
    const ids = assertions.map((sent) => decodeJwt(sent?.client_assertion ?? '').jti);
    expect(new Set(ids).size).toBe(3);
  });

  it('sends assertions whose audience is the token endpoint if the settings require this', async () => {
    expect((await site.signIn('endpoint')).userInfo).toMatchObject({ sub: '1815' });
    expect(decodeJwt(lastAssertion()).aud).toBe(`${site.oidc.url}/token`);
  });

  it('publishes the public halves of its keys, which the provider fetches', async () => {
    expect((await site.signIn('published')).userInfo).toMatchObject({ sub: '1815' });
    const response = await fetch(`${site.url}/auth/published/jwks`);
    const { keys } = (await response.json()) as { keys: JWK[] };
    expect(keys).toEqual([
      publicJwk(EC, { kid: expect.any(String) as never }),
      publicJwk(RSA, { kid: expect.any(String) as never, use: 'enc' }),
    ]);
    expect(decodeProtectedHeader(lastAssertion()).kid).toBe(keys[0]?.kid);
  });

  it('signs with a new key after its keys change', async () => {
    const kids: unknown[] = [];
    for (const keys of [[OLD, NEXT], [NEXT, OLD], [NEXT]]) {
      rotating = keys;
      expect((await site.signIn('rotating')).userInfo).toMatchObject({ sub: '1815' });
      kids.push(decodeProtectedHeader(lastAssertion()).kid);
    }
    expect(kids).toEqual(['old', 'next', 'next']);
  });

  it('shares its key with clients that use another kid or algorithm', async () => {
    const headers: unknown[] = [];
    for (const name of ['es256', 'one', 'first', 'second']) {
      await site.authorize(name);
      const { alg, kid } = decodeProtectedHeader(lastAssertion());
      headers.push([name, alg, name === 'one' ? kid : undefined]);
    }
    expect(headers).toEqual([
      ['es256', 'ES256', undefined],
      ['one', 'ES256', 'one'],
      ['first', 'RS256', undefined],
      ['second', 'PS256', undefined],
    ]);
  });

  it('does not sign with a key that can only decrypt', async () => {
    expect((await site.signIn('mixed')).userInfo).toMatchObject({ sub: '1815' });
    expect(decodeProtectedHeader(lastAssertion()).alg).toBe('ES256');
  });

  it('is refused if it signs with a key that is not registered', async () => {
    const { page } = await site.authorize('wrong');
    expect(page.status).toBe(502);
    expect(page.json()).toMatchObject({ error: 'invalid_client' });
  });
});
