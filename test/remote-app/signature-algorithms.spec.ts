import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose';
import type { ClientRegistration, OAuth2App } from 'nestjs-oauth-client';
import { SIGNATURE_ALGORITHMS } from '../../lib/config/signature-algorithms.js';
import { registryWith } from '../config/registry-with.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const SETTINGS = [
  'id_token_signed_response_alg',
  'userinfo_signed_response_alg',
  'authorization_signed_response_alg',
  'introspection_signed_response_alg',
];
const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
const VERIFIER = 'v'.repeat(43);

type Signer = (claims: JWTPayload, typ?: string) => Promise<string>;

/** Returns a key for an algorithm, or undefined if this version of Node does not support it (ML-DSA before Node 24.7). */
async function keyFor(alg: string): Promise<{ jwk: JWK; sign: Signer } | undefined> {
  const pair = await generateKeyPair(alg, { extractable: true }).catch(() => undefined);
  if (!pair) return undefined;
  return {
    jwk: { ...(await exportJWK(pair.publicKey)), kid: alg, alg },
    sign: (claims, typ = 'JWT') => new SignJWT(claims).setProtectedHeader({ alg, kid: alg, typ }).sign(pair.privateKey),
  };
}

/** A key of an algorithm in the provider's JWK Set, and a JWT that claims the algorithm and has an invalid signature. */
function unsigned(alg: string): { jwk: JWK; sign: Signer } {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    jwk: { kty: 'AKP', alg, kid: alg, pub: 'AAAA' },
    sign: (claims, typ = 'JWT') => Promise.resolve(`${part({ alg, kid: alg, typ })}.${part(claims)}.c2ln`),
  };
}

it.each(SETTINGS)('%s accepts every algorithm of the table, and no other algorithm', async (setting) => {
  const registry = await registryWith({});
  const register = (alg: unknown) => () =>
    registry.register('dev', { clientId: 'dev', issuer: 'https://p.test', [setting]: alg }, { replace: true });
  for (const alg of Object.keys(SIGNATURE_ALGORITHMS)) expect(register(alg)).not.toThrow();
  for (const alg of ['none', 'HS256', 'ES256K', 'es256', 'ML-DSA-128', ' RS256', '', 'constructor', '__proto__', 7]) {
    expect(register(alg)).toThrow(
      `dev.${setting}: expected an algorithm of signatures by private keys, such as RS256, PS256 or ES256`,
    );
  }
});

describe.each(Object.keys(SIGNATURE_ALGORITHMS))('signatures with %s', (alg) => {
  const ended: unknown[] = [];
  let provider: ScriptedProvider;
  let app: TestApp;
  let dev: OAuth2App;
  let isSupported: boolean;
  let sign: Signer;

  beforeAll(async () => {
    const key = await keyFor(alg);
    isSupported = key !== undefined;
    const { jwk, sign: signer } = key ?? unsigned(alg);
    sign = signer;
    provider = await startScriptedProvider();
    const { url } = provider;
    const metadata = {
      issuer: url,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/jwks`,
      introspection_endpoint: `${url}/introspect`,
      id_token_signing_alg_values_supported: [alg],
      introspection_signing_alg_values_supported: [alg],
      authorization_signing_alg_values_supported: [alg],
    };
    provider.on('GET /.well-known/openid-configuration', () => ({ json: metadata }));
    provider.on('GET /jwks', () => ({ json: { keys: [jwk] } }));
    const client = {
      clientId: 'dev',
      clientSecret: 's',
      issuer: url,
      allowInsecureHttp: true,
      authorizeParams: { response_mode: 'query.jwt' },
    } as ClientRegistration;
    app = await testApp({ clients: { dev: client }, onBackchannelLogout: (session) => ended.push(session) });
    dev = app.registry.get<OAuth2App>('dev');
  });

  afterAll(async () => {
    await app.close();
    await provider.close();
  });

  function claims(more: JWTPayload = {}): JWTPayload {
    const iat = Math.floor(Date.now() / 1000);
    return { iss: provider.url, aud: 'dev', sub: 'ada', iat, exp: iat + 60, ...more };
  }

  /** Expects the error of an invalid signature, not of an unknown algorithm, where Node does not support the key. */
  async function expectVerified(outcome: Promise<unknown>, what: string): Promise<void> {
    if (isSupported) await outcome;
    else await expect(outcome).rejects.toThrow(`${what}: it cannot be read, or a key of the provider cannot be used`);
  }

  async function answerToken(): Promise<void> {
    const hash = createHash(alg.endsWith('256') ? 'sha256' : alg.endsWith('384') ? 'sha384' : 'sha512');
    const digest = alg.startsWith('ML-DSA')
      ? createHash('shake256', { outputLength: 64 }).update('a').digest()
      : hash.update('a').digest();
    const atHash = digest.subarray(0, digest.length / 2).toString('base64url');
    const idToken = await sign(claims({ at_hash: atHash }));
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'Bearer', id_token: idToken } }));
  }

  it('verifies an id_token and its at_hash', async () => {
    await answerToken();
    await expectVerified(dev.fetchAccessToken({ code: 'c', codeVerifier: VERIFIER }), 'id_token');
  });

  it('verifies a logout token', async () => {
    const logoutToken = await sign(claims({ jti: 'j', events: EVENTS }));
    const request = { method: 'POST', body: { logout_token: logoutToken } };
    await expectVerified(dev.backchannelLogout(request), 'logout_token');
    expect(ended).toHaveLength(isSupported ? 1 : 0);
  });

  it('verifies an introspection response', async () => {
    const { sub: _, ...common } = claims();
    const jwt = await sign({ ...common, token_introspection: { active: true } }, 'token-introspection+jwt');
    const headers = { 'content-type': 'application/token-introspection+jwt' };
    provider.on('POST /introspect', () => ({ headers, body: jwt }));
    await expectVerified(dev.introspectToken({ token: { accessToken: 'a' } }), 'introspection');
  });

  it('verifies a JWT authorization response', async () => {
    const visitor = new Visitor(() => app);
    const { state } = await visitor.login();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'Bearer' } }));
    const response = await sign(claims({ code: 'c', state }));
    const page = await visitor.callback({ response });
    if (isSupported) expect(page.json()).toMatchObject({ token: { accessToken: 'a' } });
    else expect(page.text).toContain('authorization response: it cannot be read, or a key of the provider');
  });
});
