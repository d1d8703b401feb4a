import { createHash, webcrypto } from 'node:crypto';
import { FlattenedEncrypt, flattenedDecrypt, type CryptoKey, type FlattenedJWE } from 'jose';
import { OAuthConfigError } from '../oauth.errors.js';

const KEY_BYTES = 32;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Key {
  kid: string;
  /** Imported once: that is half of the work of sealing. */
  key: Promise<CryptoKey>;
}

/**
 * Encrypts what leaves the process (JWE, RFC 7516: `dir` and A256GCM), each for one place alone: what was sealed for another
 * does not open. The first key seals and all of them open, so that a key is replaced by putting a new one before it.
 */
export class KeyRing {
  readonly #keys: readonly Key[];

  /**
   * @param keys 32 bytes each, in base64 or base64url
   * @throws {OAuthConfigError} when one is not, or there is none
   */
  constructor(keys: string | readonly string[]) {
    this.#keys = [keys].flat().map((text, index) => readKey(text as unknown, index));
    if (this.#keys.length === 0) throw new OAuthConfigError([`encryptionKeys: there is none; ${ADVICE}`]);
  }

  /** @param place where it will lie, and for whom; it must be told again to open it */
  async seal(value: unknown, place: readonly string[]): Promise<string> {
    const [{ kid, key } = fail()] = this.#keys;
    const jwe = await new FlattenedEncrypt(encoder.encode(JSON.stringify(value)))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid })
      .setAdditionalAuthenticatedData(additionalData(place))
      .encrypt(await key);
    return [jwe.protected, jwe.iv, jwe.ciphertext, jwe.tag].join('.');
  }

  /** What was sealed for this place; nothing, when it was not, or with a key that is not here. */
  async open(sealed: string, place: readonly string[]): Promise<unknown> {
    const [header, iv, ciphertext = '', tag, ...more] = sealed.split('.');
    if (more.length > 0) return undefined;
    const aad = Buffer.from(additionalData(place)).toString('base64url');
    const jwe = { protected: header, iv, ciphertext, tag, aad } as FlattenedJWE;
    try {
      const { plaintext } = await flattenedDecrypt(jwe, (header) => this.#keyOf(header?.kid), {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      });
      return JSON.parse(decoder.decode(plaintext)) as unknown;
    } catch {
      return undefined;
    }
  }

  #keyOf(kid: unknown): Promise<CryptoKey> {
    return this.#keys.find((candidate) => candidate.kid === kid)?.key ?? fail();
  }
}

const ADVICE = 'give 32 random bytes in base64, as `openssl rand -base64 32` makes them';

function readKey(text: unknown, index: number): Key {
  const bytes = typeof text === 'string' && /^[\w+/-]+=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (bytes?.length !== KEY_BYTES) throw new OAuthConfigError([`encryptionKeys[${index}]: not a key; ${ADVICE}`]);
  return {
    kid: createHash('sha256').update(bytes).digest('base64url').slice(0, 8),
    key: webcrypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']),
  };
}

/** Lengths are told apart: `['ab', 'c']` is another place than `['a', 'bc']`. */
function additionalData(place: readonly string[]): Uint8Array {
  return encoder.encode(JSON.stringify(place));
}

function fail(): never {
  throw new TypeError('no such key');
}
