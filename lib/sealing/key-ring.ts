import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { randomText } from '../common/random-text.js';
import { sha256 } from '../common/sha256.js';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
/** Length of the initialization vector and of the authentication tag (RFC 7518 §5.3), also in characters of base64url. */
const [IV_BYTES, IV_LENGTH] = [12, 16];
const [TAG_BYTES, TAG_LENGTH] = [16, 22];

interface Key {
  key: KeyObject;
  /** The protected header of the JWEs that this key encrypts, in base64url. It contains the id of the key. */
  header: string;
}

/**
 * Encrypts values that leave the process (JWE, RFC 7516: `dir` and A256GCM). A value is sealed for one context, and does not
 * open in another context. The first key seals, and every key opens: to replace a key, put the new key first.
 *
 * `jose` would use Web Crypto, which takes three times as long, at every login and for every encrypted token.
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
    const cipher = createCipheriv(CIPHER, key, Buffer.from(iv, 'base64url')).setAAD(
      Buffer.from(`${header}.${additionalData(context)}`),
    );
    const ciphertext = cipher.update(JSON.stringify(value), 'utf8', 'base64url') + cipher.final('base64url');
    return [header, iv, ciphertext, cipher.getAuthTag().toString('base64url')].join('.');
  }

  /**
   * Returns the value that was sealed for this context, or undefined for any other string. The type can be trusted, because
   * only a holder of the key can seal a value.
   */
  open(sealed: string, context: readonly string[]): Value | undefined {
    const [header, iv = '', ciphertext = '', tag = '', ...more] = sealed.split('.');
    const key = this.#keys.find((candidate) => candidate.header === header)?.key;
    if (!key || more.length > 0 || iv.length !== IV_LENGTH || tag.length !== TAG_LENGTH) return undefined;
    try {
      const decipher = createDecipheriv(CIPHER, key, Buffer.from(iv, 'base64url'), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(Buffer.from(tag, 'base64url')).setAAD(Buffer.from(`${header}.${additionalData(context)}`));
      const text = decipher.update(ciphertext, 'base64url', 'utf8') + decipher.final('utf8');
      return JSON.parse(text) as Value;
    } catch {
      return undefined;
    }
  }
}

const ADVICE = 'expected 32 random bytes in base64. Create a key with `openssl rand -base64 32`';

function readKey(text: unknown, index: number): Key {
  const bytes = typeof text === 'string' && /^[\w+/-]+=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (bytes?.length !== KEY_BYTES) throw new OAuthConfigError([`encryptionKeys[${index}]: not a key; ${ADVICE}`]);
  const kid = sha256(bytes).slice(0, 8);
  const header = base64url(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid }));
  return { key: createSecretKey(bytes), header };
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
