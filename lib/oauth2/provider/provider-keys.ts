import type { AxiosInstance } from 'axios';
import { decodeProtectedHeader, type JWK } from 'jose';
import { sendProtocolRequest } from '../../http/protocol-request.js';
import { LastGoodCopy } from '../../common/last-good-copy.js';
import { ProviderError } from '../../errors/oauth.errors.js';
import { RefusedInput } from '../wire/refused-input.js';
import { reasonOf } from './failed-check.js';
import { readJwkSet, type PublicKey } from './jwk-set.js';
import { NoFittingKey } from './no-fitting-key.js';
import { bareKey, candidatesFor, keysThereAre, signerOf, type SignedBy } from './signing-keys.js';
import { whatCame } from './unexpected-answer.js';

/** Seconds in which the keys are fetched once at most, however many tokens name a key that is unknown. */
const RETRY_S = 60;
/** Seconds for which a copy of the keys is used. */
const LIFETIME_S = 300;

interface KeySet {
  body: string;
  keys: PublicKey[];
}

/**
 * The provider's public keys (RFC 7517). The provider is asked at most once a minute, and the last good copy is used while it
 * is down.
 */
export class ProviderKeys {
  readonly #http: AxiosInstance;
  #copy?: { of: string; keys: LastGoodCopy<KeySet> };

  constructor(http: AxiosInstance) {
    this.#http = http;
  }

  /** A `fetch` of the JWK Set, for code that chooses a key itself. */
  readonly fetch = async (url: string): Promise<Response> => {
    const { body } = await this.#load(url, RETRY_S);
    return new Response(body, { headers: { 'content-type': 'application/json' } });
  };

  /**
   * Returns the key that a JWT is signed with. Where several keys may have signed it (one key twice, keys without an id), the
   * one that verifies the signature is returned; where none does, the keys are fetched again, once a minute at most. The
   * caller checks the signature.
   * @throws {NoFittingKey} when none of the keys can be meant
   * @throws {ProviderError} when the keys cannot be fetched
   */
  async keyOf(url: string, jws: string, issuer?: string): Promise<JWK> {
    const signedBy: SignedBy = { header: decodeProtectedHeader(jws), issuer };
    const copy = await this.#load(url, LIFETIME_S);
    const signer = await signerOf(jws, signedBy, candidatesFor(signedBy, copy.keys));
    if (signer) return signer;
    const { keys } = await this.#load(url, RETRY_S);
    const candidates = candidatesFor(signedBy, keys);
    const [first] = candidates;
    if (!first) throw new NoFittingKey(signedBy.header, keysThereAre(signedBy, keys));
    return (await signerOf(jws, signedBy, candidates)) ?? bareKey(first, signedBy.header);
  }

  /**
   * Fetches the keys, within the same limit; no older copy counts when that failed.
   * @throws {ProviderError} when it did
   */
  async check(url: string): Promise<void> {
    await this.fetch(url);
    const { failure } = this.#copyOf(url);
    if (failure) throw failure;
  }

  #load(url: string, maxAge: number): Promise<KeySet> {
    return this.#copyOf(url).get(() => maxAge);
  }

  /** The keys of another URL are other keys. */
  #copyOf(url: string): LastGoodCopy<KeySet> {
    if (this.#copy?.of !== url) this.#copy = { of: url, keys: new LastGoodCopy(() => this.#read(url)) };
    return this.#copy.keys;
  }

  async #read(url: string): Promise<KeySet> {
    const headers = { accept: 'application/json, application/jwk-set+json' };
    const answer = await sendProtocolRequest(this.#http, { method: 'GET', url, headers, isRepeatable: true });
    try {
      if (answer.status !== 200) throw new RefusedInput('not a JWK Set');
      const set = readJwkSet(answer.text);
      return { body: JSON.stringify(set), keys: set.keys };
    } catch (error) {
      throw new ProviderError({
        description:
          `the provider's keys cannot be read: ${url} answered ${answer.status}, ${reasonOf(error)} ` +
          `(${whatCame(answer)}). Check the jwks_uri`,
        answered: { status: answer.status, headers: answer.headers },
      });
    }
  }
}
