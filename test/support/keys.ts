import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';

/** Makes a private key; those of RSA take their time, so that one is best made once for all tests of a file. */
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

/** A private key as a JWK, with what else it is to say. */
export function privateJwk(key: KeyObject, more: Partial<JWK> = {}): JWK {
  return { ...(key.export({ format: 'jwk' }) as JWK), ...more };
}

/** Its public half. */
export function publicJwk(key: KeyObject, more: Partial<JWK> = {}): JWK {
  return { ...(createPublicKey(key).export({ format: 'jwk' }) as JWK), ...more };
}
