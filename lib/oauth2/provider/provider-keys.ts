import type { AxiosInstance } from 'axios';
import { createRemoteJWKSet, customFetch, type JWK, type JWTVerifyGetKey } from 'jose';
import { sendProtocolRequest } from '../../http/protocol-request.js';
import { ProviderError } from '../../oauth.errors.js';
import { RefusedInput } from '../wire/refused-input.js';
import { reasonOf } from './failed-check.js';
import { readJwkSet } from './jwk-set.js';

/** Seconds in which the keys are fetched once and no more, however many tokens name a key that is unknown. */
const ONCE_IN = 60;

/**
 * The provider's public keys (RFC 7517). Whoever checks signatures asks here for them anew; the provider is asked at most
 * once a minute, and the last good copy is used while it is down.
 */
export class ProviderKeys {
  readonly #http: AxiosInstance;
  #copy?: { url: string; body: string };
  #askedAt = -Infinity;
  #asking?: Promise<string>;
  /** Why the last asking failed, if it did. */
  #failure?: Error;
  #verifier?: { url: string; getKey: JWTVerifyGetKey };

  constructor(http: AxiosInstance) {
    this.#http = http;
  }

  /** A `fetch` of the JWK Set, for whoever keeps and chooses keys. */
  readonly fetch = async (url: string): Promise<Response> => {
    const body = this.#isRecent(url) ? this.#copy?.body : undefined;
    return new Response(body ?? (await (this.#asking ??= this.#ask(url).finally(() => (this.#asking = undefined)))), {
      headers: { 'content-type': 'application/json' },
    });
  };

  /**
   * Fetches the keys, within the same limit; no older copy counts when that failed.
   * @throws {ProviderError} when it did
   */
  async check(url: string): Promise<void> {
    await this.fetch(url).catch(() => undefined);
    if (this.#failure) throw this.#failure;
  }

  /** The same keys for `jose`. */
  getKey(url: string): JWTVerifyGetKey {
    if (this.#verifier?.url !== url) {
      const options = { [customFetch]: this.fetch, cooldownDuration: ONCE_IN * 1000 };
      this.#verifier = { url, getKey: createRemoteJWKSet(new URL(url), options) };
    }
    return this.#verifier.getKey;
  }

  #isRecent(url: string): boolean {
    return this.#copy?.url === url && now() - this.#askedAt < ONCE_IN;
  }

  async #ask(url: string): Promise<string> {
    this.#askedAt = now();
    try {
      this.#copy = { url, body: JSON.stringify(await this.#read(url)) };
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error as Error;
      if (this.#copy?.url !== url) throw error;
    }
    return this.#copy.body;
  }

  async #read(url: string): Promise<{ keys: JWK[] }> {
    const headers = { accept: 'application/json, application/jwk-set+json' };
    const { status, text } = await sendProtocolRequest(this.#http, { method: 'GET', url, headers });
    try {
      if (status !== 200) throw new RefusedInput('not a JWK Set');
      return readJwkSet(text);
    } catch (error) {
      throw new ProviderError({
        description: `the provider's keys cannot be read: ${url} answered ${status}, ${reasonOf(error)}. Check the jwks_uri`,
        answered: { status, headers: {} },
      });
    }
  }
}

/** In whole seconds, as the caches on top of this one count. */
function now(): number {
  return Math.floor(Date.now() / 1000);
}
