import type { JWK } from 'jose';
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { UnsupportedOperationError } from 'oauth4webapi';
import { isSignatureAlgorithm } from '../../config/signature-algorithms.js';
import type { HttpClient } from '../../http/http-client.js';
import { LastGoodCopy } from '../../common/last-good-copy.js';
import { ProviderError } from '../../errors/oauth.errors.js';
import { RefusedInput } from '../wire/refused-input.js';
import { reasonOf } from './failed-check.js';
import { readJwkSet, type PublicKey } from './jwk-set.js';
import { NoFittingKey } from './no-fitting-key.js';
import { bareKey, candidatesFor, describeKeys, importedKey, signerOf, type SignedBy } from './signing-keys.js';
import { describeDocument } from './unexpected-answer.js';

/** Minimum number of seconds between two fetches, even if many tokens name unknown keys. */
const RETRY_S = 60;
/** Seconds for which a copy of the keys is used. */
const LIFETIME_S = 300;

interface KeySet {
  body: string;
  keys: PublicKey[];
}

/** The key that signed a JWT, or may have signed it. */
interface Signer {
  key: PublicKey;
  isVerified: boolean;
}

/**
 * The provider's public keys (RFC 7517). They are fetched at most once a minute. The last good copy is used while the provider is
 * down.
 */
export class ProviderKeys {
  readonly #http: HttpClient;
  #copy?: { url: string; keys: LastGoodCopy<KeySet> };

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** A `fetch` that returns the JWK Set, for code that chooses the key. */
  readonly fetch = async (url: string): Promise<Response> => {
    const { body } = await this.#load(url, RETRY_S);
    return new Response(body, { headers: { 'content-type': 'application/json' } });
  };

  /**
   * Verifies the signature of a JWT. If none of the keys verifies it, fetches the keys again, at most once a minute.
   * @throws {NoFittingKey} when none of the keys can have signed the JWT
   * @throws {UnsupportedOperationError} when the algorithm is not supported, such as `none` and HS256
   * @throws {RefusedInput} when none of the keys verifies the signature
   * @throws {ProviderError} when the keys cannot be fetched
   */
  async verify(url: string, jws: string, issuer?: string): Promise<void> {
    const header = decodeProtectedHeader(jws);
    const { alg } = header;
    if (!isSignatureAlgorithm(alg))
      throw new UnsupportedOperationError('unsupported JWS algorithm', { cause: { alg } });
    const { key, isVerified } = await this.#signerOf(url, jws, { header, issuer });
    if (isVerified) return;
    await importedKey(key, header); // throws if the key is not valid
    throw new RefusedInput('JWT signature verification failed');
  }

  /**
   * Returns the key that signed a JWT, for a library that verifies the signature. If several keys may have signed it (a key is listed
   * twice, or keys have no id), returns the key that verifies the signature.
   * @throws {NoFittingKey} when none of the keys can have signed the JWT
   * @throws {ProviderError} when the keys cannot be fetched
   */
  async keyOf(url: string, jws: string, issuer?: string): Promise<JWK> {
    const header = decodeProtectedHeader(jws);
    const { key } = await this.#signerOf(url, jws, { header, issuer });
    return bareKey(key, header);
  }

  async #signerOf(url: string, jws: string, signedBy: SignedBy): Promise<Signer> {
    const copy = await this.#load(url, LIFETIME_S);
    const key = await signerOf(jws, signedBy, candidatesFor(signedBy, copy.keys));
    if (key) return { key, isVerified: true };
    const { keys } = await this.#load(url, RETRY_S);
    const candidates = candidatesFor(signedBy, keys);
    const [first] = candidates;
    if (!first) throw new NoFittingKey(signedBy.header, describeKeys(signedBy, keys));
    const signer = await signerOf(jws, signedBy, candidates);
    return { key: signer ?? first, isVerified: signer !== undefined };
  }

  /**
   * Fetches the keys, at most once a minute. Does not accept an older copy when the fetch fails.
   * @throws {ProviderError} when the last fetch failed
   */
  async check(url: string): Promise<void> {
    await this.fetch(url);
    const { failure } = this.#copyOf(url);
    if (failure) throw failure;
  }

  #load(url: string, maxAge: number): Promise<KeySet> {
    return this.#copyOf(url).get(() => maxAge);
  }

  /** Returns the copy for a URL. Drops the copy of any other URL. */
  #copyOf(url: string): LastGoodCopy<KeySet> {
    if (this.#copy?.url !== url) this.#copy = { url, keys: new LastGoodCopy(() => this.#read(url)) };
    return this.#copy.keys;
  }

  async #read(url: string): Promise<KeySet> {
    const headers = { accept: 'application/json, application/jwk-set+json' };
    const answer = await this.#http.sendProtocolRequest({ method: 'GET', url, headers, isRepeatable: true });
    try {
      if (answer.status !== 200) throw new RefusedInput('not a JWK Set');
      const set = readJwkSet(answer.text);
      return { body: JSON.stringify(set), keys: set.keys };
    } catch (error) {
      throw new ProviderError({
        description:
          `the provider's keys cannot be read: ${url} answered ${answer.status}, ${reasonOf(error)} ` +
          `(${describeDocument(answer)}). Check the jwks_uri`,
        answered: { status: answer.status, headers: answer.headers },
      });
    }
  }
}
