import type { JsonWebKey } from 'node:crypto';
import type { TokenEndpointResponse } from '../../http/messages.js';
import { readNonce, type DpopKeys, type ProofTarget } from './dpop-keys.js';

/** How often a request is repeated because its server asks for another nonce. */
const MOST_REPETITIONS = 5;

/**
 * The proofs of one request and its repetitions (RFC 9449 §8, §9). A nonce that the answer to this request brings is used
 * for its repetition alone until an answer accepts it: a server may accept each nonce only once.
 */
export class DpopProofs {
  readonly #keys: DpopKeys;
  /** The nonce that only this request was given. */
  #own?: { origin: string; nonce: string };
  #sent?: string;
  #repetitions = 0;
  #isChallenged = false;

  constructor(keys: DpopKeys) {
    this.#keys = keys;
  }

  /** Whether the last answer asked for a nonce and brought a new one, so that the request is to be sent again. */
  get isChallenged(): boolean {
    return this.#isChallenged;
  }

  /** Returns a proof with the nonce of the last answer, or else the one that the server gave to another request. */
  async make(jwk: JsonWebKey, target: ProofTarget): Promise<string> {
    this.#isChallenged = false;
    const { origin } = new URL(target.url);
    this.#sent = this.#own?.origin === origin ? this.#own.nonce : this.#keys.nonceFor(origin);
    return this.#keys.proof(jwk, target, this.#sent);
  }

  /** Receives an answer; returns `isChallenged`. */
  receive(url: string, headers: Readonly<Record<string, unknown>>, asksForNonce: boolean): boolean {
    const { origin } = new URL(url);
    const nonce = readNonce(headers);
    const isNew = nonce !== undefined && nonce !== this.#sent;
    this.#isChallenged = asksForNonce && isNew && this.#repetitions < MOST_REPETITIONS;
    if (this.#isChallenged) {
      this.#repetitions += 1;
      this.#own = { origin, nonce: nonce ?? '' };
      return true;
    }
    const next = nonce ?? (this.#own?.origin === origin && !asksForNonce ? this.#own.nonce : undefined);
    this.#own = undefined;
    if (next !== undefined) this.#keys.keepNonce(origin, next);
    return false;
  }
}

/** Sends a request with proofs, and again with the nonce of each answer that asks for another one, at most five times. */
export async function withProofs<T>(keys: DpopKeys, send: (proofs: DpopProofs) => Promise<T>): Promise<T> {
  const proofs = new DpopProofs(keys);
  for (;;) {
    try {
      return await send(proofs);
    } catch (error) {
      if (!proofs.isChallenged) throw error;
    }
  }
}

/** Whether an authorization server asks for a nonce (RFC 9449 §8). */
export function endpointAsksForNonce({ data, headers }: TokenEndpointResponse): boolean {
  return data.error === 'use_dpop_nonce' || /\berror="?use_dpop_nonce\b/i.test(headers['www-authenticate'] ?? '');
}
