import { afterEach, expect, it, jest } from '@jest/globals';
import { CompactSign, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { signerOf } from '../../lib/oauth2/provider/signing-keys.js';

const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
const [PRIVATE, PUBLIC] = await Promise.all([exportJWK(privateKey), exportJWK(publicKey)]);

afterEach(() => void jest.restoreAllMocks());

async function sign(alg: string): Promise<string> {
  const payload = new TextEncoder().encode('{"sub":"ada"}');
  return new CompactSign(payload).setProtectedHeader({ alg }).sign(await importJWK(PRIVATE, alg));
}

/** Replaces the algorithm in the header, and keeps the signature. */
function withAlgorithm(jws: string, alg: string): string {
  const [, ...rest] = jws.split('.');
  return [Buffer.from(JSON.stringify({ alg })).toString('base64url'), ...rest].join('.');
}

async function isSigned(jws: string, alg: string, key: JWK): Promise<boolean> {
  return (await signerOf(jws, { header: { alg } }, [key])) !== undefined;
}

it('imports a key of the provider once for all signatures with an algorithm', async () => {
  const imports = jest.spyOn(crypto.subtle, 'importKey');
  const jws = await sign('RS256');
  const key = { ...PUBLIC };
  imports.mockClear();
  for (let login = 0; login < 3; login++) expect(await isSigned(jws, 'RS256', key)).toBe(true);
  expect(imports).toHaveBeenCalledTimes(1);
});

it('algorithm confusion: a key that verified one algorithm does not verify a signature under the name of another', async () => {
  const key = { ...PUBLIC };
  const [rs256, ps256] = [await sign('RS256'), await sign('PS256')];
  expect([await isSigned(rs256, 'RS256', key), await isSigned(ps256, 'PS256', key)]).toEqual([true, true]);
  expect(await isSigned(withAlgorithm(rs256, 'PS256'), 'PS256', key)).toBe(false);
  expect(await isSigned(withAlgorithm(ps256, 'RS256'), 'RS256', key)).toBe(false);
  expect(await isSigned(rs256, 'RS512', key)).toBe(false);
});

it('a replaced key: a signature of an earlier key with the same kid is not accepted', async () => {
  const jws = await sign('RS256');
  const before = { ...PUBLIC, kid: 'k' };
  expect(await isSigned(jws, 'RS256', before)).toBe(true);
  const after = { ...(await exportJWK((await generateKeyPair('RS256')).publicKey)), kid: 'k' };
  expect(await isSigned(jws, 'RS256', after)).toBe(false);
});
