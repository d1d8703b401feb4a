import { logEvent } from '../common/log.js';
import { ProviderError, OAuthErrorCode } from '../errors/oauth.errors.js';
import { BoundedMap } from '../common/bounded-map.js';
import type { TokenId } from './token-slot.js';

/** The first pause. Every further failure doubles the pause, up to {@link MAX_BACKOFF_MS}. */
const FIRST_PAUSE_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/** Maximum pauses of a token and of the client if the provider's `Retry-After` asks for more. */
const MAX_TOKEN_PAUSE_MS = 3_600_000;
const MAX_CLIENT_PAUSE_MS = 300_000;
/** The client is paused when this many tokens of different owners fail within {@link FAILURE_WINDOW_MS}. */
const FAILURE_THRESHOLD = 3;
const FAILURE_WINDOW_MS = 60_000;
/** Maximum number of paused tokens that are remembered. */
const MAX_REMEMBERED = 10_000;

interface Pause {
  failures: number;
  until: number;
}

interface Failure {
  at: number;
  retryAfter: number | undefined;
}

/**
 * A circuit breaker for refreshes that fail because the provider is down or overloaded (no response, 5xx, 429). A failure
 * pauses only the refreshes of its token. If several tokens fail in a short time, all refreshes of the client are paused, for at
 * most 5 minutes. After the pause, one request is sent, and the others wait for its result.
 */
export class ProviderBreaker {
  readonly #name: string;
  readonly #pausedTokens = new BoundedMap<Pause>(MAX_REMEMBERED, MAX_TOKEN_PAUSE_MS);
  /** The last failure of each owner since the last success. */
  readonly #failing = new Map<string, Failure>();
  #pausedUntil = 0;
  /** The number of pauses of the client since the last success. */
  #pauses = 0;
  /** The first request after a pause of the client. */
  #trial?: Promise<unknown>;

  /** @param name the name of the client */
  constructor(name: string) {
    this.#name = name;
  }

  /** Returns the error for a token whose refreshes are paused, or undefined if they are not paused. */
  refusal({ token }: TokenId): ProviderError | undefined {
    const now = Date.now();
    if (now < this.#pausedUntil) return this.#refusal('failed for several tokens', this.#pausedUntil - now);
    const { until = 0 } = this.#pausedTokens.get(token) ?? {};
    return now < until ? this.#refusal('failed for this token', until - now) : undefined;
  }

  /**
   * Sends a request for a token, and counts its result.
   * @throws {ProviderError} `provider_paused` (status 503), without a request, while the token or the client is paused
   */
  async run<T>(id: TokenId, request: () => Promise<T>): Promise<T> {
    while (this.#trial) await this.#trial.catch(() => undefined);
    const refusal = this.refusal(id);
    if (refusal) throw refusal;
    const attempt = this.#attempt(id, request);
    if (this.#pauses > 0) {
      this.#trial = attempt.finally(() => (this.#trial = undefined));
      this.#trial.catch(() => undefined); // the caller receives the error
    }
    return attempt;
  }

  async #attempt<T>(id: TokenId, request: () => Promise<T>): Promise<T> {
    try {
      const result = await request();
      this.#succeeded(id);
      return result;
    } catch (error) {
      if (error instanceof ProviderError && error.isTemporary) this.#failed(id, error);
      else this.#succeeded(id); // the provider works, but refused the request
      throw error;
    }
  }

  #succeeded({ token }: TokenId): void {
    this.#pausedTokens.delete(token);
    this.#failing.clear();
    this.#pauses = 0;
  }

  #failed({ owner, token }: TokenId, error: ProviderError): void {
    const now = Date.now();
    const failures = (this.#pausedTokens.get(token)?.failures ?? 0) + 1;
    const pause = pauseAfter(failures, error.retryAfter, MAX_TOKEN_PAUSE_MS);
    this.#pausedTokens.set(token, { failures, until: now + pause });
    logEvent('debug', 'token paused', { client: this.#name, milliseconds: Math.round(pause), error: error.error });
    this.#count(owner, { at: now, retryAfter: error.retryAfter });
    if (this.#failing.size >= FAILURE_THRESHOLD && now >= this.#pausedUntil) this.#pauseClient(now, error);
  }

  #count(owner: string, failure: Failure): void {
    this.#failing.delete(owner);
    this.#failing.set(owner, failure);
    for (const [other, { at }] of this.#failing) {
      const isOld = this.#pauses === 0 && failure.at - at > FAILURE_WINDOW_MS;
      if (isOld || this.#failing.size > FAILURE_THRESHOLD) this.#failing.delete(other);
    }
  }

  /** Uses the shortest `Retry-After` of the failed tokens, because a longer one may be for one user only. */
  #pauseClient(now: number, error: ProviderError): void {
    const shortest = Math.min(...Array.from(this.#failing.values(), ({ retryAfter = 0 }) => retryAfter));
    this.#pauses += 1;
    const pause = pauseAfter(this.#pauses, shortest, MAX_CLIENT_PAUSE_MS);
    this.#pausedUntil = now + pause;
    logEvent('warn', 'provider paused', { client: this.#name, milliseconds: Math.round(pause), error: error.error });
  }

  #refusal(what: string, milliseconds: number): ProviderError {
    const seconds = Math.max(1, Math.ceil(milliseconds / 1000));
    return new ProviderError({
      error: OAuthErrorCode.PROVIDER_PAUSED,
      description: `the last refresh at the provider of "${this.#name}" ${what}; refreshes are paused for ${seconds} s. Try again then`,
      status: 503,
      retryAfter: seconds,
    });
  }
}

/** Returns a pause in milliseconds: exponential backoff with jitter, or `Retry-After` up to `max` milliseconds if it is longer. */
function pauseAfter(failures: number, retryAfter = 0, max: number): number {
  const backoff = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), MAX_BACKOFF_MS) * (0.5 + Math.random() / 2);
  return Math.max(backoff, Math.min(retryAfter * 1000, max));
}
