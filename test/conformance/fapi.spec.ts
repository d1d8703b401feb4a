import { afterEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { generateKeyPairSync } from 'node:crypto';
import { leftHalf, OTHER_RS256, PS256, sign, type UnsignedJwt } from '../providers/conformance-provider.js';
import { run, stopAll, type Module, type Outcome } from './relying-party.js';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEYS = { privateKeys: [{ key: privateKey, alg: 'PS256' }] };

/** FAPI 2.0 Security Profile: pushed requests, sender-constrained tokens, `private_key_jwt`. */
const FAPI2: Module = {
  alg: 'PS256',
  wantsDpopNonce: 'everywhere',
  clientKey: publicKey,
  settings: {
    ...KEYS,
    requirePushedAuthorizationRequests: true,
    dpopBoundAccessTokens: true,
    clientKwargs: { scope: 'openid email', token_endpoint_auth_method: 'private_key_jwt' },
  },
};
/** FAPI 2.0 Message Signing: signed requests and responses too. */
const MESSAGE_SIGNING: Module = {
  ...FAPI2,
  settings: { ...FAPI2.settings, requireSignedRequestObject: true, authorizeParams: { response_mode: 'jwt' } },
};
/** FAPI 1.0 Advanced: the id_token is a detached signature of the response. */
const FAPI1: Module = {
  alg: 'PS256',
  params: { response_type: 'code id_token' },
  settings: { ...KEYS, detachedSignature: true },
};

afterEach(stopAll);

function withClaims(change: object): Module {
  return { ...FAPI1, idToken: ({ header, claims }) => ({ header, claims: { ...claims, ...change } }) };
}

function without(name: string): Module {
  return {
    ...FAPI1,
    idToken: ({ header, claims }) => {
      const { [name]: _, ...kept } = claims;
      return { header, claims: kept };
    },
  };
}

function withAlg(alg: string): Module {
  return { ...FAPI1, idToken: ({ claims, header }) => ({ header: { ...header, alg }, claims }) };
}

async function accepts(module: Module): Promise<Outcome> {
  const outcome = await run(module);
  expect(outcome.body).toMatchObject({ token: { accessToken: expect.any(String) } });
  return outcome;
}

/** Expects the login to fail after this number of token requests, by default before any. */
async function rejects(module: Module, why: RegExp, tokenRequests = 0): Promise<void> {
  const { status, body, provider } = await run(module);
  expect(body.error_description).toMatch(why);
  expect([400, 502]).toContain(status);
  expect(provider.times('/token')).toBe(tokenRequests);
}

async function callsApi({ app, browser }: Outcome): Promise<void> {
  const { status, text } = await browser.get(`${app.url}/auth/rp/api/accounts`);
  expect([status, JSON.parse(text)]).toEqual([200, { accounts: ['ada'] }]);
}

/** The modules of the FAPI plans, by their names without prefixes such as `fapi2-security-profile-final-client-test-`. */
describe('FAPI relying party', () => {
  it('happy-path', async () => {
    const outcome = await accepts(FAPI2);
    expect(outcome.body.token).toMatchObject({ tokenType: 'dpop', dpopKey: { kty: 'EC', crv: 'P-256' } });
    expect(outcome.provider.times('/token')).toBe(2); // the second request has the nonce
    await callsApi(outcome);
    expect(outcome.provider.times('/accounts')).toBe(1); // the nonce is known

    const [authorize] = outcome.provider.seen.filter(({ path }) => path === '/authorize');
    expect(Object.keys(authorize?.parameters ?? {}).sort()).toEqual(['client_id', 'request_uri']);
    const [par] = outcome.provider.seen.filter(({ path }) => path === '/par');
    expect(par?.parameters).toMatchObject({
      code_challenge_method: 'S256',
      dpop_jkt: expect.stringMatching(/^[\w-]{43}$/),
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
  });

  it('happy-path, with a signed request and response', async () => {
    const outcome = await accepts(MESSAGE_SIGNING);
    const [par] = outcome.provider.seen.filter(({ path }) => path === '/par');
    expect(par?.parameters).toHaveProperty('request');
    expect(par?.parameters).not.toHaveProperty('code_challenge');
    await callsApi(outcome);
  });

  it('happy-path, with a detached signature', async () => {
    await accepts(FAPI1);
  });

  it('happy-path-no-dpop-nonce', async () => {
    const outcome = await accepts({ ...FAPI2, wantsDpopNonce: undefined });
    expect(outcome.provider.times('/token')).toBe(1);
    await callsApi(outcome);
    expect(outcome.provider.times('/accounts')).toBe(1);
  });

  it.each(['DPoP', 'dpop', 'DPOP', 'dPoP'])('rs-dpop-auth-scheme-case-insensitivity: %s', async (dpopScheme) => {
    const outcome = await accepts({ ...FAPI2, dpopScheme, wantsDpopNonce: 'at the API' });
    await callsApi(outcome);
    expect(outcome.provider.times('/accounts')).toBe(2); // the challenge, and the call with the nonce
  });

  it('ensure-authorization-response-with-invalid-state-fails', async () => {
    const invalid = { authorizationResponse: (response: object) => ({ ...response, state: 'another' }) };
    await rejects({ ...FAPI2, ...invalid }, /no pending login with this state/);
    await rejects({ ...FAPI1, ...invalid }, /no pending login with this state/);
    await rejects({ ...MESSAGE_SIGNING, ...invalid }, /no pending login with this state/);
  });

  it('ensure-authorization-response-with-invalid-missing-state-fails', async () => {
    const missing = { authorizationResponse: ({ state: _, ...response }: Record<string, string>) => response };
    await rejects({ ...FAPI2, ...missing }, /no pending login with this state/);
    await rejects({ ...MESSAGE_SIGNING, ...missing }, /no pending login with this state/);
  });

  it('remove-authorization-response-iss', async () => {
    const removed = { authorizationResponse: ({ iss: _, ...response }: Record<string, string>) => response };
    await rejects({ ...FAPI2, ...removed }, /^the callback does not say who it is from \(iss\), expected "http/);
  });

  it('invalid-authorization-response-iss', async () => {
    const invalid = { authorizationResponse: (response: object) => ({ ...response, iss: 'https://a.test' }) };
    await rejects({ ...FAPI2, ...invalid }, /^the callback is from "https:\/\/a\.test", expected "http/);
  });

  it('invalid-alternate-alg', async () => {
    await rejects(withAlg('RS256'), /^id_token is signed with "RS256", expected \["PS256"\]/);
    const own = { ...FAPI1.settings, idTokenSignedResponseAlg: 'ES256' };
    await rejects({ ...FAPI1, settings: own }, /^id_token is signed with "PS256", expected "ES256"/);
  });

  it('invalid-null-alg', async () => {
    await rejects(withAlg('none'), /^id_token is signed with "none", expected \["PS256"\]/);
  });

  it('invalid-expired-exp', async () => {
    const past = Math.floor(Date.now() / 1000) - 60;
    await rejects(withClaims({ exp: past }), /^id_token: its exp is .*, and it is .* \(clock_tolerance 30 s\)/);
    await accepts({ ...withClaims({ exp: past + 40 }) });
  });

  it.each(['exp', 'iss', 'aud', 'nonce'])('invalid-missing-%s', async (claim) => {
    await rejects(without(claim), new RegExp(`^id_token: JWT "${claim}" .*claim missing$`));
  });

  it('invalid-nonce', async () => {
    await rejects(withClaims({ nonce: 'of another login' }), /^the nonce of the id_token is not/);
  });

  it('invalid-secondary-aud', async () => {
    await rejects(
      withClaims({ aud: ['rp', 'another'] }),
      /^id_token is for \["rp","another"\] without saying for which/,
    );
    await rejects(
      withClaims({ aud: ['rp', 'another'], azp: 'another' }),
      /^id_token was asked for by "another" \(azp\), expected "rp"/,
    );
  });

  it('invalid-shash', async () => {
    await rejects(withClaims({ s_hash: leftHalf('another state') }), /s_hash/);
  });

  it('invalid-missing-shash', async () => {
    await rejects(without('s_hash'), /JWT "s_hash" .*claim missing/);
    await accepts({ ...without('s_hash'), settings: KEYS }); // a detached signature is not required
  });

  it('invalid-signature', async () => {
    const forged = (idToken: string): string => `${idToken.slice(0, -8)}AAAAAAAA`;
    await rejects({ ...FAPI1, signedIdToken: forged }, /signature verification failed/);
    await rejects({ ...FAPI2, signedIdToken: forged }, /signature verification failed/, 2);
  });

  describe('ensure-jarm-', () => {
    function jarmWith(change: object): Module {
      return { ...MESSAGE_SIGNING, jarm: ({ header, claims }) => ({ header, claims: { ...claims, ...change } }) };
    }

    it('signature-is-not-none', async () => {
      const none = ({ header, claims }: UnsignedJwt): UnsignedJwt => ({ header: { ...header, alg: 'none' }, claims });
      await rejects(
        { ...MESSAGE_SIGNING, jarm: none },
        /^authorization response is signed with "none", expected \["PS256"\]/,
      );
    });

    it('with-expired-exp-fails', async () => {
      await rejects(jarmWith({ exp: Math.floor(Date.now() / 1000) - 60 }), /^authorization response: its exp is /);
    });

    it('with-invalid-aud-fails', async () => {
      await rejects(jarmWith({ aud: 'another' }), /^authorization response is for "another", expected "rp"$/);
    });

    it('with-invalid-iss-fails', async () => {
      await rejects(
        jarmWith({ iss: 'https://a.test' }),
        /^authorization response was issued by "https:\/\/a\.test", expected "http/,
      );
    });

    it('with-invalid-sig-fails', async () => {
      const forged = (jarm: string): string => `${jarm.slice(0, -8)}AAAAAAAA`;
      await rejects({ ...MESSAGE_SIGNING, signedJarm: forged }, /signature verification failed/);
      const another = async (jarm: string): Promise<string> =>
        sign({ header: { alg: 'RS256', kid: PS256.publicJwk.kid }, claims: decodeJwt(jarm) }, OTHER_RS256);
      await rejects({ ...MESSAGE_SIGNING, signedJarm: another }, /^authorization response is signed with "RS256"/);
    });

    it.each(['aud', 'exp', 'iss'])('without-%s-fails', async (claim) => {
      const { jarm: _, ...module } = jarmWith({});
      const missing = ({ header, claims: { [claim]: __, ...claims } }: UnsignedJwt): UnsignedJwt => ({
        header,
        claims,
      });
      await rejects(
        { ...module, jarm: missing },
        new RegExp(`^authorization response: JWT "${claim}" .*claim missing$`),
      );
    });
  });
});
