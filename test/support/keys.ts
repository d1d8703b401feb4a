import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';

/** Generates a private key. RSA keys are slow to generate: generate one for all tests of a file. */
export function newKey(kind: 'RSA' | 'P-256' | 'Ed25519' | 'X25519'): KeyObject {
  switch (kind) {
    case 'RSA':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    case 'P-256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'Ed25519':
      return generateKeyPairSync('ed25519').privateKey;
    case 'X25519':
      return generateKeyPairSync('x25519').privateKey;
  }
}

/** Returns a private key as a JWK, with additional members. */
export function privateJwk(key: KeyObject, more: Partial<JWK> = {}): JWK {
  return { ...(key.export({ format: 'jwk' }) as JWK), ...more };
}

/** Returns the public key of a private key as a JWK, with additional members. */
export function publicJwk(key: KeyObject, more: Partial<JWK> = {}): JWK {
  return { ...(createPublicKey(key).export({ format: 'jwk' }) as JWK), ...more };
}
