import { afterEach, describe, expect, it } from '@jest/globals';
import { CompactEncrypt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { leftHalf, OTHER_RS256, RS256, sign, type UnsignedJwt } from '../providers/conformance-provider.js';
import { run, stopAll, type Module, type Outcome } from './relying-party.js';

/** A hybrid login, whose id_token comes through the browser. */
const HYBRID = { params: { response_type: 'code id_token' } };
const WEEK = 7 * 24 * 3600;

const DECRYPTION = await generateKeyPair('RSA-OAEP-256', { extractable: true });

afterEach(stopAll);

function withClaims(change: object): Module {
  return { idToken: ({ header, claims }) => ({ header, claims: { ...claims, ...change } }) };
}

function without(...names: string[]): Module {
  return {
    idToken: ({ header, claims }) => {
      const kept = Object.entries(claims).filter(([name]) => !names.includes(name));
      return { header, claims: Object.fromEntries(kept) };
    },
  };
}

async function accepts(module: Module): Promise<Outcome> {
  const outcome = await run(module);
  expect(outcome.body).toMatchObject({ token: { tokenType: 'bearer' } });
  expect([200, 201]).toContain(outcome.status);
  return outcome;
}

/** Expects the login to fail with an error that matches `why` and contains no secret. */
async function rejects(module: Module, why: RegExp): Promise<void> {
  const { status, body } = await run(module);
  expect(body.error_description).toMatch(why);
  expect(['token_invalid', 'invalid_request']).toContain(body.error);
  expect([400, 502]).toContain(status);
  expect(JSON.stringify(body)).not.toMatch(/ey[A-Za-z0-9_-]{10}/);
}

/** The modules of the plan oidcc-client-basic-certification-test-plan, by their names without the prefix `oidcc-client-test-`. */
describe('OpenID Connect relying party', () => {
  it('client-secret-basic', async () => {
    const { provider } = await accepts({});
    const [request] = provider.seen.filter(({ path }) => path === '/token');
    expect(request?.headers.authorization).toBe(`Basic ${btoa('rp:a+secret')}`);
    expect(request?.parameters).not.toHaveProperty('client_secret');
  });

  it('iat-is-week-in-past', async () => {
    const weekAgo: Module = {
      idToken: ({ header, claims }) => ({ header, claims: { ...claims, iat: (claims.iat ?? 0) - WEEK } }),
    };
    await rejects(weekAgo, /id_token was issued at .* and it is .*: it is not of this login/);
    await rejects({ ...weekAgo, ...HYBRID }, /iat/);
  });

  it('idtoken-sig-none', async () => {
    const unsigned = (jwt: UnsignedJwt): UnsignedJwt => ({ ...jwt, header: { alg: 'none' } });
    await rejects({ idToken: unsigned }, /^id_token is signed with "none", expected \["RS256"\]/);
    const listed = {
      metadata: (metadata: object) => ({ ...metadata, id_token_signing_alg_values_supported: ['none'] }),
    };
    await rejects({ idToken: unsigned, ...listed }, /^id_token is signed with "none", which is not supported/);
  });

  it('idtoken-sig-rs256', async () => {
    const { body } = await accepts({});
    expect(body.userInfo).toMatchObject({ sub: 'ada' });
  });

  it('invalid-aud', async () => {
    await rejects(withClaims({ aud: 'somebody-else' }), /^id_token is for "somebody-else", expected "rp"$/);
    await rejects(
      { ...withClaims({ aud: 'somebody-else' }), ...HYBRID },
      /^id_token is for "somebody-else", expected "rp"$/,
    );
  });

  it('invalid-iss', async () => {
    await rejects(
      withClaims({ iss: 'https://a.test' }),
      /^id_token was issued by "https:\/\/a\.test", expected "http:\/\/127/,
    );
  });

  it('invalid-sig-rs256', async () => {
    await rejects({ signedIdToken: forgedWith('RS256') }, /signature verification failed/);
    await rejects({ signedIdToken: forgedWith('RS256'), ...HYBRID }, /signature verification failed/);
  });

  it('invalid-sig-hs256: refuses HMAC signatures, valid or not', async () => {
    const hs256 = (idToken: string): Promise<string> =>
      new SignJWT(claimsOf(idToken)).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode('a secret'));
    await rejects({ signedIdToken: hs256 }, /^id_token is signed with "HS256", expected \["RS256"\]/);
    const listed = (metadata: object) => ({ ...metadata, id_token_signing_alg_values_supported: ['RS256', 'HS256'] });
    await rejects(
      { signedIdToken: hs256, metadata: listed },
      /^id_token is signed with "HS256", which is not supported/,
    );
  });

  it('invalid-sig-es256', async () => {
    const forged = (idToken: string): string => `${idToken.slice(0, -8)}AAAAAAAA`;
    await rejects({ alg: 'ES256', signedIdToken: forged }, /signature verification failed/);
    await accepts({ alg: 'ES256' });
  });

  it('kid-absent-single-jwks', async () => {
    await accepts({ idToken: withoutKid });
  });

  it('kid-absent-multiple-jwks: tries each key, and no key of another provider', async () => {
    const others = [{ ...OTHER_RS256.publicJwk, kid: 'rsa-2' }];
    await accepts({ jwks: () => [...others, RS256.publicJwk], idToken: withoutKid });
    await rejects({ jwks: () => [...others, ...others], idToken: withoutKid }, /signature verification failed/);
  });

  it('missing-athash: accepts the code flow without at_hash, but not with a wrong one', async () => {
    await accepts(without('at_hash'));
    await rejects(
      withClaims({ at_hash: leftHalf('another token') }),
      /^the at_hash of the id_token is not that of the access token$/,
    );
  });

  it.each(['aud', 'iat', 'sub', 'iss', 'exp'])('missing-%s', async (claim) => {
    await rejects(without(claim), new RegExp(`^id_token: JWT "${claim}" .*claim missing$`));
  });

  it('nonce-invalid', async () => {
    await rejects(
      withClaims({ nonce: 'of another login' }),
      /^the nonce of the id_token is not the one that this login sent$/,
    );
    await rejects({ ...withClaims({ nonce: 'of another login' }), ...HYBRID }, /^the nonce of the id_token is not/);
  });

  it('nonce-unless-code-flow: sends a nonce in every flow, and requires it in the id_token', async () => {
    const { provider } = await accepts({});
    const [request] = provider.seen.filter(({ path }) => path === '/authorize');
    expect(request?.parameters.nonce).toMatch(/^[\w-]{43}$/);
    await rejects(without('nonce'), /JWT "nonce" .*claim missing/);
    await rejects({ ...without('nonce'), ...HYBRID }, /JWT "nonce" .*claim missing/);
  });

  it('scope-userinfo-claims', async () => {
    const { provider, body } = await accepts({ settings: { userInfoFrom: 'userinfo' } });
    const [request] = provider.seen.filter(({ path }) => path === '/authorize');
    expect(request?.parameters.scope).toBe('openid email');
    expect(body.userInfo).toMatchObject({
      sub: 'ada',
      email: 'ada@example.org',
      email_verified: true,
      iss: provider.url,
    });
  });

  it('userinfo-bearer-header', async () => {
    const { provider } = await accepts({ settings: { userInfoFrom: 'userinfo' } });
    const [request] = provider.seen.filter(({ path }) => path === '/userinfo');
    expect(request?.headers.authorization).toMatch(/^Bearer [\w-]+$/);
    expect(request?.parameters).toEqual({});
  });

  it('userinfo-invalid-sub', async () => {
    const other = { settings: { userInfoFrom: 'userinfo' }, userinfo: (claims: object) => ({ ...claims, sub: 'eve' }) };
    await rejects(other, /^the "sub" of the userinfo is "eve", expected "ada"$/);
  });

  it('userinfo-signed', async () => {
    const signed = { signsUserinfo: true, settings: { userInfoFrom: 'userinfo', userinfoSignedResponseAlg: 'RS256' } };
    const { body } = await accepts(signed);
    expect(body.userInfo).toMatchObject({ email: 'ada@example.org' });
    await rejects({ ...signed, signsUserinfo: false }, /userinfo: JWT UserInfo Response expected/);
    await rejects({ ...signed, jwks: () => [OTHER_RS256.publicJwk] }, /signature verification failed/);
  });

  it('valid-aud-as-array', async () => {
    await accepts(withClaims({ aud: ['rp'] }));
    await accepts(withClaims({ aud: ['rp', 'another'], azp: 'rp' }));
  });

  it('discovery-issuer-mismatch', async () => {
    const { status, body } = await run({ metadata: (metadata) => ({ ...metadata, issuer: 'https://a.test' }) });
    expect(status).toBe(502);
    expect(body.error_description).toMatch(
      /is not usable: its issuer is "https:\/\/a\.test", expected "http:\/\/127\.0\.0\.1:\d+"$/,
    );
  });

  it('encrypted-idtoken', async () => {
    const encrypted = (idToken: string): Promise<string> =>
      new CompactEncrypt(new TextEncoder().encode(idToken))
        .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
        .encrypt(DECRYPTION.publicKey);
    const key = { key: await exportJWK(DECRYPTION.privateKey), use: 'enc' };
    const { body } = await accepts({ signedIdToken: encrypted, settings: { privateKeys: [key] } });
    expect(body.userInfo).toMatchObject({ sub: 'ada' });
    await accepts({ signedIdToken: encrypted, settings: { privateKeys: [key] }, ...HYBRID });
    const other = await generateKeyPair('RSA-OAEP-256', { extractable: true });
    const wrong = { key: await exportJWK(other.privateKey), use: 'enc' };
    await rejects(
      { signedIdToken: encrypted, settings: { privateKeys: [wrong] } },
      /none of the client's private_keys decrypts it/,
    );
  });

  it('invalid-chash', async () => {
    await rejects({ ...withClaims({ c_hash: leftHalf('another code') }), ...HYBRID }, /c_hash/);
  });

  it('missing-chash', async () => {
    await rejects({ ...without('c_hash'), ...HYBRID }, /JWT "c_hash" .*claim missing/);
    await accepts(HYBRID);
  });

  it('token-endpoint-response-without-expires_in', async () => {
    const { body } = await accepts({ tokenAnswer: ({ expires_in: _, ...answer }) => answer });
    expect(body.token).not.toHaveProperty('expiresAt');
  });

  it('token-type-case-insensitivity', async () => {
    await accepts({ tokenAnswer: (answer) => ({ ...answer, token_type: 'bEARER' }) });
  });

  it('no-scope-in-token-endpoint-response', async () => {
    await accepts({ tokenAnswer: ({ scope: _, ...answer }) => answer });
  });
});

function withoutKid({ header: { kid: _, ...header }, claims }: UnsignedJwt): UnsignedJwt {
  return { header, claims };
}

/** Signs the claims and header again with a key that is not the provider's. */
function forgedWith(alg: string): (idToken: string) => Promise<string> {
  return (idToken) => sign({ header: { alg, kid: RS256.publicJwk.kid }, claims: claimsOf(idToken) }, OTHER_RS256);
}

function claimsOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}
