import { setTimeout as sleep } from 'node:timers/promises';
import { clamp } from '../../limits.js';
import { OAuthError, ProviderError } from '../../oauth.errors.js';

/** How long a user has to say yes, and how often may be asked. */
export interface PollingTerms {
  /** Seconds between two questions. */
  interval: number;
  /** Milliseconds since 1970. */
  expiresAt: number;
  /** Ends the waiting; what it is aborted with is thrown. */
  signal?: AbortSignal;
}

/** The time; a seam for tests. */
interface Clock {
  now(): number;
  sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
}

const CLOCK: Clock = {
  now: Date.now,
  async sleep(milliseconds, signal) {
    await sleep(milliseconds, undefined, { signal }).catch(() => signal?.throwIfAborted());
  },
};

/** Seconds between two questions: what is used when the provider does not say (RFC 8628 §3.2), and the bounds. */
const INTERVAL = { default: 5, atLeast: 1, atMost: 300 };
/** Seconds that a user has: what is used when the provider does not say, and the most. */
const LIFETIME = { default: 600, atMost: 86_400 };
/** Seconds that `slow_down` adds (RFC 8628 §3.5). */
const SLOW_DOWN = 5;

/** Returns a provider's `interval` within bounds, in seconds. */
export function pollingInterval(interval: unknown): number {
  return clamp(interval, INTERVAL.atLeast, INTERVAL.atMost, INTERVAL.default);
}

/** Returns a provider's `expires_in` within bounds, in seconds. */
export function pollingLifetime(expiresIn: unknown): number {
  return clamp(expiresIn, 0, LIFETIME.atMost, LIFETIME.default);
}

/**
 * Asks until the user has said yes or no (RFC 8628 §3.5, OpenID Connect CIBA §11): not before the interval is over, more
 * slowly on `slow_down` or when no answer comes, and not beyond the expiry.
 * @throws {OAuthError} `expired_token` when time is up, `access_denied` when the user said no
 */
export async function pollForToken<T>(
  ask: () => Promise<T>,
  { interval: first, expiresAt, signal }: PollingTerms,
  clock = CLOCK,
): Promise<T> {
  for (let interval = pollingInterval(first); ;) {
    const timeLeft = expiresAt - clock.now();
    await clock.sleep(Math.max(0, Math.min(interval * 1000, timeLeft)), signal);
    if (interval * 1000 > timeLeft) throw expired();
    try {
      return await ask();
    } catch (error) {
      interval = pollingInterval(nextInterval(error, interval));
    }
  }
}

/** @throws the error, when it is an answer for good */
function nextInterval(error: unknown, interval: number): number {
  if (!(error instanceof OAuthError)) throw error;
  if (error.error === 'authorization_pending') return interval;
  if (error.error === 'slow_down') return interval + SLOW_DOWN;
  if (error instanceof ProviderError && error.getStatus() === 504) return interval * 2;
  throw error;
}

function expired(): OAuthError {
  return new OAuthError('expired_token', { description: 'the user did not answer in time; begin again', status: 403 });
}
