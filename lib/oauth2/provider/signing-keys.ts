import type { CryptoKey, JWK, JWSHeaderParameters } from 'jose';
import { shown } from './failed-check.js';
import type { PublicKey } from './jwk-set.js';
import { isSignatureAlgorithm, SIGNATURE_ALGORITHMS } from '../../config/signature-algorithms.js';
import { tenantIn } from '../../config/tenant-issuer.js';
import { loadJose } from '../wire/load-jose.js';

/** Maximum number of keys that are tried for one signature. */
const MAX_CANDIDATES = 20;
/** Maximum number of key ids in an error. */
const MAX_LISTED = 5;

/** The parts of a JWT that determine its key. */
export interface SignedBy {
  readonly header: Pick<JWSHeaderParameters, 'alg' | 'kid'>;
  /** The issuer of the JWT, if the provider has several issuers. Keys for another issuer are not used. */
  readonly issuer?: string;
}

/**
 * Returns the keys that may have signed a JWT (RFC 7517 §4): keys of the right type, not for encryption, with the key id that the
 * JWT names. If the JWT does not name a key id, returns all suitable keys. If no key has the key id, returns those without one.
 */
export function candidatesFor(
  { header: { alg = '', kid }, issuer }: SignedBy,
  keys: readonly PublicKey[],
): PublicKey[] {
  const usable = keys.filter((key) => isFor(alg, key) && (issuer === undefined || isOf(issuer, key)));
  const named = usable.filter((key) => key.kid === kid);
  const unnamed = usable.filter((key) => key.kid === undefined);
  const found = kid === undefined ? usable : named.length > 0 ? named : unnamed;
  return found.slice(0, MAX_CANDIDATES);
}

/** A public key that jose imported. */
type ImportedKey = CryptoKey | Uint8Array;

/** Imported keys by algorithm, while their key is used. */
const imported = new WeakMap<PublicKey, Map<string, Promise<ImportedKey>>>();

/** Returns the candidate that verifies the signature of a JWT, or undefined when none does. */
export async function signerOf(
  jws: string,
  { header }: SignedBy,
  candidates: readonly PublicKey[],
): Promise<PublicKey | undefined> {
  const { compactVerify } = await loadJose();
  for (const candidate of candidates) {
    try {
      await compactVerify(jws, await importedKey(candidate, header));
      return candidate;
    } catch {
      // the JWT is signed with another key, or this key is not valid
    }
  }
  return undefined;
}

/**
 * Imports a candidate, once for each algorithm.
 * @throws {Error} when the key is not valid, or when this version of Node.js does not support the algorithm
 */
export function importedKey(candidate: PublicKey, header: SignedBy['header']): Promise<ImportedKey> {
  const { alg = '' } = header;
  const keys = imported.get(candidate) ?? new Map<string, Promise<ImportedKey>>();
  imported.set(candidate, keys);
  const key = keys.get(alg) ?? loadJose().then(({ importJWK }) => importJWK(bareKey(candidate, header), alg));
  keys.set(alg, key);
  return key;
}

/** Returns a key for the validation of one JWT, without the members about its use, which were already compared. */
export function bareKey({ kty, crv, x, y, n, e, pub }: PublicKey, { alg, kid }: SignedBy['header']): JWK {
  const key = { kty, crv, x, y, n, e, pub, kid, ...(kty === 'AKP' && { alg }) };
  return Object.fromEntries(Object.entries(key).filter(([, value]) => value !== undefined));
}

function isFor(alg: string, { kty, crv, use, key_ops: operations, alg: own }: PublicKey): boolean {
  if (!isSignatureAlgorithm(alg)) return false;
  const algorithm = SIGNATURE_ALGORITHMS[alg];
  return (
    kty === algorithm.kty &&
    (algorithm.crv === undefined || crv === algorithm.crv) &&
    (own === undefined || own === alg || isSameCurve(own, algorithm.crv)) &&
    (use === undefined || use === 'sig') &&
    operations?.includes('verify') !== false
  );
}

/** Ed25519 has two names (RFC 9864). A key with one of the names verifies signatures with both names. */
function isSameCurve(own: string, crv: string | undefined): boolean {
  return crv !== undefined && isSignatureAlgorithm(own) && SIGNATURE_ALGORITHMS[own].crv === crv;
}

function isOf(issuer: string, key: PublicKey): boolean {
  return key.issuer === undefined || key.issuer === issuer || tenantIn(key.issuer, issuer) !== undefined;
}

/** Describes the provider's keys, for the error that none of them fits. */
export function describeKeys({ header: { alg = '' } }: SignedBy, keys: readonly PublicKey[]): string {
  if (keys.length === 0) return 'its JWK Set has no usable keys';
  const usable = keys.filter((key) => isFor(alg, key));
  if (usable.length === 0) return `none of its ${keys.length} keys is for signatures with this algorithm`;
  const kids = usable.slice(0, MAX_LISTED).map(({ kid }) => (kid === undefined ? 'none' : shown(kid.slice(0, 50))));
  return `no applicable keys found; its keys for this algorithm have the kid ${kids.join(', ')}`;
}
