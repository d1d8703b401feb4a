import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createPublicKey } from 'node:crypto';
import { decodeJwt, exportSPKI, importJWK, SignJWT, UnsecuredJWT, type CryptoKey, type JWTPayload } from 'jose';
import { OAuthConfigError } from 'nestjs-oauth-client';
import { run, stopAll, type Module, type Outcome } from '../conformance/relying-party.js';
import { registryWith } from '../config/registry-with.js';
import {
  OTHER_RS256,
  RS256,
  sign,
  startConformanceProvider,
  type UnsignedJwt,
} from '../providers/conformance-provider.js';
import { discoveringClientOf } from '../providers/client-of.js';
import { testApp } from '../support/test-app.js';

const SECRET = '0123456789abcdef0123456789abcdef';
const SETTINGS = { clientSecret: SECRET, allowSecretSignedIdToken: true };

function signedWith(secret: string | Uint8Array, alg = 'HS256', header: object = {}) {
  const key = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret;
  return (idToken: string): Promise<string> => hmac(decodeJwt(idToken), key, alg, header);
}

function hmac(claims: JWTPayload, key: Uint8Array, alg: string, header: object = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ ...header, alg }).sign(key);
}

/** Runs a login at a provider whose id_tokens are signed with the client secret. */
function login(module: Module = {}): Promise<Outcome> {
  return run({ signedIdToken: signedWith(SECRET), ...module, settings: { ...SETTINGS, ...module.settings } });
}

async function refuses(module: Module, description: RegExp): Promise<void> {
  const { status, body, provider } = await login(module);
  expect([status, body.error]).toEqual([502, 'token_invalid']);
  expect(body.error_description).toMatch(description);
  expect(provider.times('/jwks')).toBe(0); // the keys of the provider are never asked for
}

const NOT_SECRET = /^id_token: it was not signed with the client secret \(HS256\)/;

describe('an id_token that is signed with the client secret', () => {
  afterEach(stopAll);

  it('is accepted with the setting, although the metadata lists another algorithm', async () => {
    const { status, body, provider } = await login();
    expect([status, body.userInfo]).toMatchObject([200, { sub: 'ada' }]);
    expect(provider.times('/jwks')).toBe(0);
  });

  it('is refused without the setting, also if the metadata lists HS256', async () => {
    const module = { signedIdToken: signedWith(SECRET), settings: { clientSecret: SECRET } };
    const { status, body } = await run(module);
    expect([status, body.error]).toEqual([502, 'token_invalid']);
    expect(body.error_description).toMatch(/signed with "HS256", expected .*"RS256".*set allow_secret_signed_id_token/);
    const metadata = (given: object) => ({ ...given, id_token_signing_alg_values_supported: ['HS256'] });
    expect((await run({ ...module, metadata })).body.error).toBe('token_invalid');
  });

  it('key confusion: is refused if another secret, an empty secret, or a part of the secret signed it', async () => {
    for (const secret of [`${SECRET}x`, SECRET.toUpperCase(), SECRET.slice(0, 31), '\0', 'rp']) {
      await refuses({ signedIdToken: signedWith(secret) }, NOT_SECRET);
    }
  });

  it("key confusion: is refused if the provider's public key is the secret, in PEM, DER or JSON", async () => {
    const jwk = RS256.publicJwk;
    const pem = await exportSPKI((await importJWK(jwk, 'RS256')) as CryptoKey);
    const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
    for (const key of [pem, pem.trim(), new Uint8Array(der), JSON.stringify(jwk), jwk.n ?? '']) {
      await refuses({ signedIdToken: signedWith(key) }, NOT_SECRET);
    }
  });

  it('algorithm confusion: is refused with any algorithm other than HS256', async () => {
    const only = /^id_token is signed with "[\w ]+", expected "HS256". Check allow_secret_signed_id_token/;
    const long = SECRET.repeat(2);
    await refuses({ settings: { clientSecret: long }, signedIdToken: signedWith(long, 'HS384') }, only);
    await refuses({ settings: { clientSecret: long }, signedIdToken: signedWith(long, 'HS512') }, only);
    await refuses({ signedIdToken: (idToken) => idToken }, only); // RS256, with the provider's key
    await refuses(
      { signedIdToken: (idToken) => sign({ header: { alg: 'RS256' }, claims: decodeJwt(idToken) }, OTHER_RS256) },
      only,
    );
    for (const alg of ['ES256', 'PS256']) await refuses({ alg, signedIdToken: (idToken) => idToken }, only);
    await refuses({ signedIdToken: (idToken) => new UnsecuredJWT(decodeJwt(idToken)).encode() }, only);
  });

  it('algorithm confusion: is refused with another spelling of the algorithm, or without a signature', async () => {
    const altered =
      (alg: unknown, keepsSignature = true) =>
      async (idToken: string): Promise<string> => {
        const [, claims = '', signature = ''] = (await signedWith(SECRET)(idToken)).split('.');
        const header = Buffer.from(JSON.stringify({ alg })).toString('base64url');
        return `${header}.${claims}.${keepsSignature ? signature : ''}`;
      };
    for (const alg of ['none', 'None', 'hs256', 'HS256 ', '', null, ['HS256'], undefined]) {
      const { status } = await login({ signedIdToken: altered(alg) });
      expect([alg, status]).toEqual([alg, 502]);
    }
    await refuses({ signedIdToken: altered('HS256', false) }, NOT_SECRET);
  });

  it('ignores keys in the header', async () => {
    const jwk = { kty: 'oct', k: Buffer.from('a key of the attacker, of 32 bytes').toString('base64url') };
    const header = { jwk, jku: 'https://evil.test/jwks', kid: '../../dev/null', x5u: 'https://evil.test/x5u' };
    await refuses({ signedIdToken: signedWith('a key of the attacker, of 32 bytes', 'HS256', header) }, NOT_SECRET);
    expect((await login({ signedIdToken: signedWith(SECRET, 'HS256', { kid: 'any' }) })).status).toBe(200);
  });

  it('is refused if its claims were changed after it was signed', async () => {
    const changed = async (idToken: string): Promise<string> => {
      const [header = '', claims = '', signature = ''] = (await signedWith(SECRET)(idToken)).split('.');
      const other = { ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), sub: 'eve' };
      return `${header}.${Buffer.from(JSON.stringify(other)).toString('base64url')}.${signature}`;
    };
    await refuses({ signedIdToken: changed }, NOT_SECRET);
  });

  const now = Math.floor(Date.now() / 1000);
  it.each<[what: string, claims: object, description: RegExp, settings?: object]>([
    ['the nonce of another login', { nonce: 'other' }, /nonce/],
    ['no nonce', { nonce: undefined }, /nonce/],
    ['another issuer', { iss: 'https://evil.test' }, /evil\.test/],
    ['another audience', { aud: 'other' }, /is for "other"/],
    ['another authorized party', { azp: 'other' }, /other/],
    ['an expiry in the past', { exp: now - 600, iat: now - 900 }, /exp/],
    ['a time of issue in the future', { iat: now + 600, exp: now + 900 }, /iat/],
    ['the at_hash of another access token', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }, /at_hash/],
    ['another acr', { acr: 'low' }, /acr/, { authorizeParams: { acr_values: 'high' } }],
    ['an old auth_time', { auth_time: now - 600 }, /auth_time|authenticat/, { authorizeParams: { max_age: 60 } }],
    ['no auth_time', {}, /auth_time/, { authorizeParams: { max_age: 60 } }],
  ])('is refused if it has %s', async (_, claims, description, settings = {}) => {
    const idToken = (jwt: UnsignedJwt): UnsignedJwt => ({ ...jwt, claims: { ...jwt.claims, ...claims } });
    await refuses({ idToken, settings }, description);
  });

  it('is refused in a hybrid response, which passes the browser', async () => {
    const { status, body } = await login({
      settings: { authorizeParams: { response_type: 'code id_token', response_mode: 'form_post' } },
    });
    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  it('does not let the client secret sign an authorization response (JARM), or userinfo', async () => {
    const key = new TextEncoder().encode(SECRET);
    const jarm = await login({
      settings: { authorizeParams: { response_mode: 'query.jwt' } },
      signedJarm: (jwt) => hmac(decodeJwt(jwt), key, 'HS256'),
    });
    expect([jarm.status, jarm.body.error]).toEqual([400, 'invalid_request']);
    expect((await login({ settings: { authorizeParams: { response_mode: 'query.jwt' } } })).status).toBe(200);
    const userinfo = await login({ settings: { userInfoFrom: 'userinfo' }, signsUserinfo: true });
    expect(userinfo.status).toBe(200); // the provider's keys still sign userinfo
  });

  it('does not let the client secret sign a logout token', async () => {
    const provider = await startConformanceProvider('RS256', {});
    const rp = discoveringClientOf(provider, { clientId: 'rp', ...SETTINGS });
    const app = await testApp({ clients: { rp }, exposeErrors: true, onBackchannelLogout: () => undefined });
    const at = Math.floor(Date.now() / 1000);
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const claims = { iss: provider.url, aud: 'rp', iat: at, exp: at + 60, jti: 'j', events, sub: 'ada' };
    const post = async (token: string): Promise<number> => {
      const body = new URLSearchParams({ logout_token: token });
      return (await fetch(`${app.url}/auth/rp/backchannel-logout`, { method: 'POST', body })).status;
    };
    try {
      expect(await post(await hmac(claims, new TextEncoder().encode(SECRET), 'HS256', { typ: 'logout+jwt' }))).toBe(
        400,
      );
      expect(await post(await sign({ header: { alg: 'RS256', kid: 'rsa-1' }, claims }))).toBeLessThan(300);
    } finally {
      await app.close();
      await provider.close();
    }
  });
});

describe('the setting allow_secret_signed_id_token', () => {
  const CLIENT = {
    client_id: 'line',
    client_secret: SECRET,
    issuer: 'https://line.test',
    allow_secret_signed_id_token: true,
  };

  async function faultsOf(settings: object): Promise<readonly string[]> {
    const error: unknown = await registryWith({ settings: { AUTHLIB_OAUTH_CLIENTS: { line: settings } } }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return error instanceof OAuthConfigError ? error.faults : [];
  }

  it.each(['', 'x'.repeat(31), undefined])('requires a client secret of at least 32 bytes, not %j', async (secret) => {
    const faults = await faultsOf({ ...CLIENT, client_secret: secret });
    expect(faults).toEqual([
      'line.client_secret: too short; allow_secret_signed_id_token requires at least 32 bytes (RFC 7518 §3.2)',
    ]);
  });

  it('counts the bytes of the secret, not its characters', async () => {
    expect(await faultsOf({ ...CLIENT, client_secret: 'é'.repeat(16) })).toEqual([]);
  });

  it('is refused for a public client', async () => {
    const faults = await faultsOf({ ...CLIENT, client_kwargs: { token_endpoint_auth_method: 'none' } });
    expect(faults).toEqual([expect.stringContaining('line.allow_secret_signed_id_token: not for a public client')]);
  });

  it('is refused beside client_secret_jwt and id_token_signed_response_alg', async () => {
    const secretJwt = { team_id: 't', key_id: 'k', audience: 'https://a.test', private_key: 'x' };
    const faults = await faultsOf({ ...CLIENT, client_secret: undefined, client_secret_jwt: secretJwt });
    expect(faults).toContainEqual(
      expect.stringContaining('line.allow_secret_signed_id_token: contradicts client_secret_jwt'),
    );
    expect(await faultsOf({ ...CLIENT, id_token_signed_response_alg: 'RS256' })).toEqual([
      expect.stringContaining('line.id_token_signed_response_alg: contradicts allow_secret_signed_id_token'),
    ]);
  });

  it('does not accept HS256 as id_token_signed_response_alg', async () => {
    const { allow_secret_signed_id_token: _, ...others } = CLIENT;
    expect(await faultsOf({ ...others, id_token_signed_response_alg: 'HS256' })).toHaveLength(1);
  });

  it('logs one warning', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const registry = await registryWith({ settings: { AUTHLIB_OAUTH_CLIENTS: { line_once: CLIENT } } });
    registry.get('line_once');
    registry.get('line_once');
    const lines = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('line_once'));
    warn.mockRestore();
    expect(lines).toEqual([expect.stringMatching(/allow_secret_signed_id_token.*can sign in as any user/)]);
  });
});
