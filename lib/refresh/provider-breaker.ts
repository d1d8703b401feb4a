import { logEvent } from '../common/log.js';
import { ProviderError, OAuthErrorCode } from '../errors/oauth.errors.js';
import { BoundedMap } from '../common/bounded-map.js';
import type { TokenId } from './token-slot.js';

/** Milliseconds of the first pause, which every further failure doubles, and of the longest that grows so. */
const FIRST_PAUSE_MS = 500;
const LONGEST_GROWN_PAUSE_MS = 30_000;
/** The longest pause that a provider's `Retry-After` may ask for. */
const LONGEST_TOKEN_PAUSE_MS = 3_600_000;
const LONGEST_CLIENT_PAUSE_MS = 300_000;
/** So many tokens of different owners that fail within this time are not one user's trouble. */
const SEVERAL_TOKENS = 3;
const SHORT_TIME_MS = 60_000;
/** How many paused tokens are remembered. */
const REMEMBERED = 10_000;

interface Pause {
  failures: number;
  until: number;
}

interface Failure {
  at: number;
  retryAfter: number | undefined;
}

/**
 * Pauses refreshes that fail because the provider is down or overloaded (no answer, 5xx, 429). A failure pauses the token that
 * it happened to, and nobody else's. When several tokens fail in a short time, all refreshes of the client pause, for minutes
 * at most; then one request tries, and the others wait for its result.
 */
export class ProviderBreaker {
  readonly #name: string;
  readonly #pausedTokens = new BoundedMap<Pause>(REMEMBERED, LONGEST_TOKEN_PAUSE_MS);
  /** The last failure of each owner since the last success. */
  readonly #failing = new Map<string, Failure>();
  #pausedUntil = 0;
  /** Pauses of the client since the last success. */
  #pauses = 0;
  #trial?: Promise<unknown>;

  /** @param name the client */
  constructor(name: string) {
    this.#name = name;
  }

  /** Returns the error for a token whose refresh is paused. */
  refusal({ token }: TokenId): ProviderError | undefined {
    const now = Date.now();
    if (now < this.#pausedUntil) return this.#refusal('failed for several tokens', this.#pausedUntil - now);
    const { until = 0 } = this.#pausedTokens.get(token) ?? {};
    return now < until ? this.#refusal('failed for this token', until - now) : undefined;
  }

  /**
   * Sends a request for a token.
   * @throws {ProviderError} at once, while the token or the client is paused
   */
  async run<T>(id: TokenId, request: () => Promise<T>): Promise<T> {
    while (this.#trial) await this.#trial.catch(() => undefined);
    const refusal = this.refusal(id);
    if (refusal) throw refusal;
    const attempt = this.#attempt(id, request);
    if (this.#pauses > 0) {
      this.#trial = attempt.finally(() => (this.#trial = undefined));
      this.#trial.catch(() => undefined); // the caller has the error
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
      else this.#succeeded(id); // a refusal comes from a provider that works
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
    const pause = pauseAfter(failures, error.retryAfter, LONGEST_TOKEN_PAUSE_MS);
    this.#pausedTokens.set(token, { failures, until: now + pause });
    logEvent('debug', 'token paused', { client: this.#name, milliseconds: Math.round(pause), error: error.error });
    this.#count(owner, { at: now, retryAfter: error.retryAfter });
    if (this.#failing.size >= SEVERAL_TOKENS && now >= this.#pausedUntil) this.#pauseClient(now, error);
  }

  #count(owner: string, failure: Failure): void {
    this.#failing.delete(owner);
    this.#failing.set(owner, failure);
    for (const [other, { at }] of this.#failing) {
      const isOld = this.#pauses === 0 && failure.at - at > SHORT_TIME_MS;
      if (isOld || this.#failing.size > SEVERAL_TOKENS) this.#failing.delete(other);
    }
  }

  /** The shortest `Retry-After` of these tokens counts: a longer one may be about one user alone. */
  #pauseClient(now: number, error: ProviderError): void {
    const asked = Math.min(...Array.from(this.#failing.values(), ({ retryAfter = 0 }) => retryAfter));
    this.#pauses += 1;
    const pause = pauseAfter(this.#pauses, asked, LONGEST_CLIENT_PAUSE_MS);
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

/** Milliseconds: a growing pause with a random part, or what the provider asks for, up to `longest`. */
function pauseAfter(failures: number, retryAfter = 0, longest: number): number {
  const grown = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_GROWN_PAUSE_MS) * (0.5 + Math.random() / 2);
  return Math.max(grown, Math.min(retryAfter * 1000, longest));
}
