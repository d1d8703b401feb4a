import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { flattenedDecrypt, type FlattenedJWE } from 'jose';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { randomText } from '../common/random-text.js';
import { sha256 } from '../common/sha256.js';

const KEY_BYTES = 32;
const decoder = new TextDecoder();

/** Length of the initialization vector (RFC 7518 §5.3). */
const IV_BYTES = 12;

interface Key {
  key: KeyObject;
  kid: string;
  /** The protected header of the JWEs that this key encrypts, in base64url. */
  header: string;
}

/**
 * Encrypts values that leave the process (JWE, RFC 7516: `dir` and A256GCM). A value is sealed for one context, and does not
 * open in another context. The first key seals, and every key opens: to replace a key, put the new key first.
 *
 * `jose` opens. It does not seal, because it uses Web Crypto, which takes three times as long at every login.
 */
export class KeyRing<Value = unknown> {
  readonly #keys: readonly Key[];

  /**
   * @param keys keys of 32 bytes each, in base64 or base64url
   * @throws {OAuthConfigError} when a key is not valid, or when the list is empty
   */
  constructor(keys: string | readonly string[]) {
    this.#keys = [keys].flat().map((text, index) => readKey(text as unknown, index));
    if (this.#keys.length === 0) throw new OAuthConfigError([`encryptionKeys: there is none; ${ADVICE}`]);
  }

  /** @param context the purpose of the value and its owner; `open()` needs an equal context */
  seal(value: Value, context: readonly string[]): string {
    const [{ key, header } = fail()] = this.#keys;
    const iv = randomText(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url')).setAAD(
      Buffer.from(`${header}.${additionalData(context)}`),
    );
    const ciphertext = cipher.update(JSON.stringify(value), 'utf8', 'base64url') + cipher.final('base64url');
    return [header, iv, ciphertext, cipher.getAuthTag().toString('base64url')].join('.');
  }

  /**
   * Returns the value that was sealed for this context, or undefined for any other string. The type can be trusted, because
   * only a holder of the key can seal a value.
   */
  async open(sealed: string, context: readonly string[]): Promise<Value | undefined> {
    const [header, iv, ciphertext = '', tag, ...more] = sealed.split('.');
    if (more.length > 0) return undefined;
    const jwe = { protected: header, iv, ciphertext, tag, aad: additionalData(context) } as FlattenedJWE;
    try {
      const { plaintext } = await flattenedDecrypt(jwe, (header) => this.#keyOf(header?.kid), {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      });
      return JSON.parse(decoder.decode(plaintext)) as Value;
    } catch {
      return undefined;
    }
  }

  #keyOf(kid: unknown): KeyObject {
    return this.#keys.find((candidate) => candidate.kid === kid)?.key ?? fail();
  }
}

const ADVICE = 'expected 32 random bytes in base64. Create a key with `openssl rand -base64 32`';

function readKey(text: unknown, index: number): Key {
  const bytes = typeof text === 'string' && /^[\w+/-]+=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (bytes?.length !== KEY_BYTES) throw new OAuthConfigError([`encryptionKeys[${index}]: not a key; ${ADVICE}`]);
  const kid = sha256(bytes).slice(0, 8);
  const header = base64url(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid }));
  return { key: createSecretKey(bytes), kid, header };
}

/** Encodes the context as JSON, so that `['ab', 'c']` and `['a', 'bc']` differ. */
function additionalData(context: readonly string[]): string {
  return base64url(JSON.stringify(context));
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function fail(): never {
  throw new TypeError('no such key');
}
