import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { OTHER_RS256, RS256, type Deviations, type UnsignedJwt } from '../providers/conformance-provider.js';
import { run, stopAll, type Module } from './relying-party.js';

const ENCRYPTION = await exportJWK((await generateKeyPair('RSA-OAEP-256', { extractable: true })).publicKey);
const ES256 = await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey);
const [RIGHT, OTHER] = [RS256.publicJwk, OTHER_RS256.publicJwk];

afterEach(stopAll);

function bare({ kty, n, e }: JWK): JWK {
  return { kty, n, e };
}

function withoutKid({ header, claims }: UnsignedJwt): UnsignedJwt {
  const { kid: _, ...rest } = header;
  return { header: rest, claims };
}

describe('JWK Sets', () => {
  /** JWK Sets with the key that signed, beside other entries that providers publish. */
  const SETS: [string, JWK[]][] = [
    ['the same key twice', [RIGHT, RIGHT]],
    ['the same key twice, once without alg and use', [RIGHT, { ...bare(RIGHT), kid: 'rsa-1' }]],
    ['another key with the same kid', [{ ...OTHER, kid: 'rsa-1' }, RIGHT]],
    ['a key of another type with the same kid', [{ ...ES256, kid: 'rsa-1' }, RIGHT]],
    ['a key for another algorithm with the same kid', [{ ...OTHER, kid: 'rsa-1', alg: 'RS512' }, RIGHT]],
    ['a key of an unknown type', [{ kty: 'future', kid: 'rsa-1' }, RIGHT]],
    ['a key for encryption', [{ ...ENCRYPTION, kid: 'rsa-1', use: 'enc' }, RIGHT]],
    ['a key for encryption, according to its key_ops', [{ ...ENCRYPTION, kid: 'rsa-1', key_ops: ['encrypt'] }, RIGHT]],
    ['a key whose alg is for encryption', [{ ...ENCRYPTION, kid: 'rsa-1', alg: 'RSA-OAEP-256' }, RIGHT]],
    ['a broken key with the same kid', [{ ...RIGHT, n: 'AQ' }, RIGHT]],
    ['entries that are not keys', [null, 'key', 7, {}, RIGHT] as unknown as JWK[]],
    ['empty strings in place of absent members', [{ ...RIGHT, use: '', alg: '' }]],
    ['a key whose kid is a number', [{ ...OTHER, kid: 7 } as unknown as JWK, RIGHT]],
    ['null in place of absent members', [{ ...RIGHT, use: null, alg: null, key_ops: null } as unknown as JWK]],
  ];

  it.each(SETS)('accepts a JWK Set with %s', async (_, keys) => {
    expect((await run({ jwks: () => keys })).status).toBe(200);
  });

  it.each(SETS)('accepts a JWK Set with %s when the id_token has no kid', async (_, keys) => {
    expect((await run({ jwks: () => keys, idToken: withoutKid })).status).toBe(200);
  });

  it.each([
    ['one key', [bare(RIGHT)]],
    ['several keys', [bare(OTHER), ES256, bare(RIGHT)]],
  ])('accepts %s without a kid when the id_token has a kid', async (_, keys) => {
    expect((await run({ jwks: () => keys })).status).toBe(200);
  });

  it('accepts keys in any order, with and without kid, alg and use', async () => {
    const form = fc.constantFrom<(key: JWK) => JWK>(
      (key) => key,
      (key) => ({ ...bare(key), kid: 'rsa-1' }),
      (key) => ({ ...bare(key), use: 'sig', kid: 'rsa-1' }),
      (key) => ({ ...bare(key), alg: 'RS256', kid: 'rsa-1' }),
    );
    const others = fc.array(fc.constantFrom<JWK>(OTHER, { ...OTHER, kid: 'x' }, ES256, bare(OTHER)), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(form, others, others, fc.boolean(), async (change, before, after, hasKid) => {
        const module: Module = {
          jwks: () => [...before, change(RIGHT), ...after],
          ...(!hasKid && { idToken: withoutKid }),
        };
        expect((await run(module)).status).toBe(200);
        await stopAll();
      }),
      { numRuns: 15 },
    );
  });

  it.each<[string, JWK[], RegExp]>([
    ['no keys', [], /has no one key that fits the id_token .*its JWK Set has no usable keys/],
    ['only keys of other types', [ES256], /none of its 1 keys is for signatures with this algorithm/],
    [
      'only keys with other ids',
      [
        { ...RIGHT, kid: 'x' },
        { ...OTHER, kid: 'y' },
      ],
      /\(alg "RS256", kid "rsa-1"\): no applicable keys found; its keys for this algorithm have the kid "x", "y"/,
    ],
    ['keys that did not sign', [OTHER, { ...bare(OTHER), kid: 'rsa-1' }], /signature verification failed/],
  ])('reports a JWK Set with %s', async (_, keys, expected) => {
    const { status, body } = await run({ jwks: () => keys });
    expect([status, body.error]).toEqual([502, 'token_invalid']);
    expect(body.error_description).toMatch(expected);
  });
});

describe('a JWK Set with the same key twice', () => {
  const twice: Deviations = { jwks: () => [{ ...OTHER, kid: 'rsa-1' }, RIGHT, RIGHT] };

  it('verifies a signed authorization response (JARM)', async () => {
    const { status } = await run({ ...twice, params: { response_mode: 'jwt' }, jarm: withoutKid });
    expect(status).toBe(200);
  });

  it('verifies the id_token of a hybrid response', async () => {
    const { status } = await run({ ...twice, params: { response_type: 'code id_token' }, idToken: withoutKid });
    expect(status).toBe(201);
  });

  it('verifies signed userinfo', async () => {
    const { status, body } = await run({
      ...twice,
      signsUserinfo: true,
      settings: { userInfoFrom: 'userinfo', userinfoSignedResponseAlg: 'RS256' },
    });
    expect([status, body.userInfo?.sub]).toEqual([200, 'ada']);
  });
});
