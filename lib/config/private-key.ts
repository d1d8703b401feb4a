import { createPrivateKey, KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import type { SignatureAlgorithm } from './signature-algorithms.js';

/** A private key: PEM, a JWK, or a `KeyObject` of Node. */
export type PrivateKeyMaterial = string | JWK | KeyObject;

/** A private key of the client, with the parameters of its public JWK (RFC 7517 §4). A JWK may contain these parameters. */
export interface PrivateKeyEntry {
  key: PrivateKeyMaterial;
  /** @default the key's thumbprint (RFC 7638) */
  kid?: string;
  /** @default `RS256`, `ES256`, `ES384`, `ES512` or `Ed25519`, depending on the type of the key */
  alg?: string;
  /** The use of the key: signatures (`sig`) or decryption (`enc`). @default both */
  use?: 'sig' | 'enc';
}

/** The client's private keys. The first key for signatures signs. All keys are published, and all decrypt. */
export type PrivateKeys =
  | PrivateKeyMaterial
  | PrivateKeyEntry
  | readonly (PrivateKeyMaterial | PrivateKeyEntry)[]
  | (() => PrivateKeyList | Promise<PrivateKeyList>);
export type PrivateKeyList = readonly (PrivateKeyMaterial | PrivateKeyEntry)[];

/** A private key that was read. */
export interface ClientKey {
  readonly key: KeyObject;
  readonly kid?: string;
  /** Undefined for a key that only decrypts, which may use any algorithm for its type. */
  readonly alg?: string;
  readonly use?: 'sig' | 'enc';
}

/**
 * Returns a private key with its parameters.
 * @throws {TypeError} when the value is not a private key; the message does not quote the value
 */
export function readPrivateKey(value: PrivateKeyMaterial | PrivateKeyEntry): ClientKey {
  const { key: material, ...entryParameters } = isEntry(value) ? value : { key: value };
  const { kid, alg, use } = { ...(isJwk(material) && jwkParameters(material)), ...entryParameters };
  const key = keyObject(material);
  const algorithm = alg ?? (use === 'enc' ? undefined : algorithmOf(key));
  return { key, kid, alg: algorithm, use: use ?? (isEncryption(algorithm) ? 'enc' : undefined) };
}

/**
 * Returns an EC P-256 private key in PEM. Line breaks may be written as `\n`, as in an environment variable.
 * @throws {TypeError} when the value is not such a key; the message does not quote the value
 */
export function p256Key(pem: string): KeyObject {
  const key = keyObject(pem.replace(/(?:\\r)?\\n/g, '\n'));
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw new TypeError('not an EC P-256 private key');
}

function isEntry(value: PrivateKeyMaterial | PrivateKeyEntry): value is PrivateKeyEntry {
  return isObject(value) && !(value instanceof KeyObject) && 'key' in value;
}

function isJwk(material: PrivateKeyMaterial): material is JWK {
  return isObject(material) && !(material instanceof KeyObject);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function jwkParameters({ kid, alg, use }: JWK): Omit<PrivateKeyEntry, 'key'> {
  return {
    ...(typeof kid === 'string' && { kid }),
    ...(typeof alg === 'string' && { alg }),
    ...(isUse(use) && { use }),
  };
}

function isUse(use: unknown): use is NonNullable<PrivateKeyEntry['use']> {
  return use === 'sig' || use === 'enc';
}

function keyObject(material: PrivateKeyMaterial): KeyObject {
  try {
    const key =
      material instanceof KeyObject
        ? material
        : createPrivateKey(typeof material === 'string' ? material : { key: material, format: 'jwk' });
    if (key.type === 'private') return key;
  } catch {
    // the error of Node may quote the key
  }
  throw new TypeError('not a usable private key: expected PEM, a JWK or a KeyObject');
}

const EC_ALGORITHMS: Readonly<Record<string, SignatureAlgorithm>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
};

function algorithmOf(key: KeyObject): SignatureAlgorithm | 'ECDH-ES' {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return 'RS256';
    case 'ed25519':
      return 'Ed25519';
    case 'x25519':
      return 'ECDH-ES';
    case 'ec':
      return EC_ALGORITHMS[curveOf(key)] ?? unusable();
    default:
      return unusable();
  }
}

function curveOf(key: KeyObject): string {
  return String(key.export({ format: 'jwk' }).crv);
}

function unusable(): never {
  throw new TypeError(
    'not a kind of key that signs or decrypts: expected RSA, EC (P-256, P-384, P-521), Ed25519 or X25519',
  );
}

function isEncryption(alg: string | undefined): boolean {
  return alg !== undefined && /^(RSA-OAEP|ECDH-ES)/.test(alg);
}
