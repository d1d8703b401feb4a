import { createPublicKey, type KeyObject } from 'node:crypto';
import type { CryptoKey, JSONWebKeySet, JWK } from 'jose';
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { callApplication } from '../../config/application-function.js';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import type { ClientKey } from '../../config/private-key.js';
import { OAuthConfigError } from '../../errors/oauth.errors.js';
import { checkJwt, checkSignedJwt } from '../wire/jwt.js';
import { loadJose } from '../wire/load-jose.js';
import { RefusedInput } from '../wire/refused-input.js';

/** A private key that is ready to sign. */
export interface SigningKey {
  readonly key: CryptoKey;
  readonly kid: string;
  readonly alg: string;
}

/** Imported signing keys by their private key. Each key is imported once. */
const signingKeys = new WeakMap<ClientKey, Promise<SigningKey>>();

/** The client's keys. The first key for signatures signs, all keys decrypt, and the public halves of all keys are published. */
export class ClientKeys {
  readonly #config: OAuth2ClientConfig;

  constructor(config: OAuth2ClientConfig) {
    this.#config = config;
  }

  /**
   * Returns the first key for signatures.
   * @throws {OAuthConfigError} when the client has no such key
   */
  async signingKey(): Promise<SigningKey> {
    const found = (await this.#load()).find(({ use, alg }) => use !== 'enc' && alg !== undefined);
    if (!found?.alg)
      throw new OAuthConfigError([
        `${this.#config.name}.private_keys: none that may sign; expected a private key for signatures. Add one`,
      ]);
    const signing = signingKeys.get(found) ?? readSigningKey(found, found.alg);
    signingKeys.set(found, signing);
    return signing;
  }

  /**
   * Decrypts a JWT that the provider encrypted for the client (RFC 7516), with the key that the JWT names, or else with any key
   * that can decrypt it. Returns the signed JWT inside.
   * @throws {RefusedInput} when no key decrypts the JWT, or when its content is not a signed JWT
   */
  readonly decrypt = async (jwe: string): Promise<string> => {
    checkJwt(jwe);
    const candidates = (await this.#load()).filter(({ use }) => use !== 'sig');
    const kids = await Promise.all(candidates.map(kidOf));
    const namedKid = kidIn(jwe);
    const named = candidates.filter((_, index) => kids[index] === namedKid);
    for (const { key } of named.length > 0 ? named : candidates) {
      const text = await tryToDecrypt(jwe, key);
      if (text === undefined) continue;
      checkSignedJwt(text);
      return text;
    }
    throw new RefusedInput(
      `it is encrypted${encryptionOf(jwe)}, and none of the client's private_keys decrypts it. Register the public half of ` +
        'a key of private_keys at the provider, for an algorithm of that key, such as RSA-OAEP-256 or ECDH-ES',
    );
  };

  /** Returns the JWK Set that the client publishes at its `jwks_uri` (RFC 7517 §5). */
  async publicJwks(): Promise<JSONWebKeySet> {
    return { keys: await Promise.all((await this.#load()).map(publicJwk)) };
  }

  async #load(): Promise<readonly ClientKey[]> {
    const { name, privateKeys } = this.#config;
    if (typeof privateKeys !== 'function') return privateKeys;
    return callApplication(`${name}.private_keys: the function`, privateKeys);
  }
}

async function readSigningKey(found: ClientKey, alg: string): Promise<SigningKey> {
  const { importJWK } = await loadJose();
  const key = await importJWK(found.key.export({ format: 'jwk' }) as JWK, alg);
  return { key: key as CryptoKey, kid: await kidOf(found), alg };
}

async function tryToDecrypt(jwe: string, key: KeyObject): Promise<string | undefined> {
  const { compactDecrypt } = await loadJose();
  try {
    return new TextDecoder().decode((await compactDecrypt(jwe, key)).plaintext);
  } catch {
    return undefined; // encrypted for another key or another client
  }
}

/** Returns the public JWK of a key. A key for both uses has neither `use` nor `alg`. */
async function publicJwk(found: ClientKey): Promise<JWK> {
  const { alg, use } = found;
  return { ...publicHalf(found), kid: await kidOf(found), ...(use && { use }), ...(use && alg && { alg }) };
}

/** Returns the public half of a private key. */
export function publicHalf({ key }: ClientKey): JWK {
  return createPublicKey(key).export({ format: 'jwk' });
}

async function kidOf(found: ClientKey): Promise<string> {
  return found.kid ?? (await loadJose()).calculateJwkThumbprint(publicHalf(found));
}

/** Returns the algorithms of a JWE for an error. */
function encryptionOf(jwe: string): string {
  try {
    const { alg, enc } = decodeProtectedHeader(jwe) as Record<string, unknown>;
    const names = [alg, enc].map((name) =>
      typeof name === 'string' && /^[\w+-]{1,30}$/.test(name) ? name : 'unknown',
    );
    return ` (alg ${names[0]}, enc ${names[1]})`;
  } catch {
    return '';
  }
}

function kidIn(jwe: string): string | undefined {
  try {
    return decodeProtectedHeader(jwe).kid;
  } catch {
    return undefined;
  }
}
