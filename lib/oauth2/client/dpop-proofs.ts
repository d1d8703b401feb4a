import type { JWK } from 'jose';
import type { TokenEndpointResponse } from '../../http/messages.js';
import { readNonce, type DpopKeys, type ProofTarget } from './dpop-keys.js';

/** Maximum number of repetitions of a request whose server requires another nonce. */
const MAX_REPETITIONS = 5;

/**
 * The proofs of one request and its repetitions (RFC 9449 §8, §9). The nonce of a response to this request is used only for the
 * repetition until a response accepts it, because a server may accept each nonce only once.
 */
export class DpopProofs {
  readonly #keys: DpopKeys;
  /** The nonce for this request only. */
  #own?: { origin: string; nonce: string };
  #sent?: string;
  #repetitions = 0;
  #isChallenged = false;

  constructor(keys: DpopKeys) {
    this.#keys = keys;
  }

  /** Whether the last response required a nonce and contained a new nonce, so that the request must be sent again. */
  get isChallenged(): boolean {
    return this.#isChallenged;
  }

  /** Returns a proof with the nonce of the last response, or else with the nonce that the server sent for another request. */
  async make(jwk: JWK, target: ProofTarget): Promise<string> {
    this.#isChallenged = false;
    const { origin } = new URL(target.url);
    this.#sent = this.#own?.origin === origin ? this.#own.nonce : this.#keys.nonceFor(origin);
    return this.#keys.proof(jwk, target, this.#sent);
  }

  /** Reads the nonce of a response. Returns `isChallenged`. */
  receive(url: string, headers: Readonly<Record<string, unknown>>, asksForNonce: boolean): boolean {
    const { origin } = new URL(url);
    const nonce = readNonce(headers);
    const isNew = nonce !== undefined && nonce !== this.#sent;
    this.#isChallenged = asksForNonce && isNew && this.#repetitions < MAX_REPETITIONS;
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

/** Sends a request with proofs. Sends it again when a response requires another nonce, at most five times. */
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

/** Returns whether an authorization server requires a nonce (RFC 9449 §8). */
export function endpointAsksForNonce({ data, headers }: TokenEndpointResponse): boolean {
  return data.error === 'use_dpop_nonce' || /\berror="?use_dpop_nonce\b/i.test(headers['www-authenticate'] ?? '');
}
