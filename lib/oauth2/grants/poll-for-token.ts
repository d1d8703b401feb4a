import { setTimeout as sleep } from 'node:timers/promises';
import { clamp } from '../../common/limits.js';
import { OAuthError, ProviderError } from '../../errors/oauth.errors.js';
import { readLifetime } from '../../token/expiry.js';

/** How long a user has to answer, and how often the provider may be asked. */
export interface PollingTerms {
  /** Seconds between two requests. */
  interval: number;
  /** Milliseconds since 1970. */
  expiresAt: number;
  /** Ends the polling; the reason of the signal is thrown. */
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

/** Seconds between two requests: what is used when the provider does not say (RFC 8628 §3.2), and the bounds. */
const INTERVAL = { default: 5, atLeast: 1, atMost: 300 };
/** Seconds that a user has: what is used when the provider does not say, and the most. */
const LIFETIME = { default: 600, atMost: 86_400 };
/** Seconds that `slow_down` adds to the interval (RFC 8628 §3.5). */
const SLOW_DOWN = 5;
/** The longest pause after failures that are not time-outs, in seconds. */
const LONGEST_PAUSE = 60;

/**
 * Reads an `expires_in` and an `interval` that are strings as the lifetime of a token is read. What cannot be read, such as
 * "1h", becomes null, which the check of the answer refuses: `parseFloat()` would make a second of it.
 */
export function readPollingTerms(fields: Record<string, unknown>): Record<string, unknown> {
  const texts = ['expires_in', 'interval'].filter((name) => typeof fields[name] === 'string');
  return { ...fields, ...Object.fromEntries(texts.map((name) => [name, readLifetime(fields[name]) ?? null])) };
}

/** Returns a provider's `interval` within bounds, in seconds. */
export function pollingInterval(interval: unknown): number {
  return clamp(interval, INTERVAL.atLeast, INTERVAL.atMost, INTERVAL.default);
}

/** Returns a provider's `expires_in` within bounds, in seconds. */
export function pollingLifetime(expiresIn: unknown): number {
  return clamp(expiresIn, 0, LIFETIME.atMost, LIFETIME.default);
}

/**
 * Asks for the token until the user has answered (RFC 8628 §3.5, OpenID Connect CIBA §11). Waits for the interval before
 * each request, five seconds more after each `slow_down`, and longer after each failure in a row that may pass: no answer
 * in time, no connection, 5xx, or 429. A `Retry-After` replaces that longer wait. Ends at the expiry.
 * @throws {OAuthError} `expired_token` when the time is over, or the provider's final answer, such as `access_denied`
 */
export async function pollForToken<T>(
  ask: () => Promise<T>,
  { interval: first, expiresAt, signal }: PollingTerms,
  clock = CLOCK,
): Promise<T> {
  let pace: Pace = { interval: pollingInterval(first), pause: 0 };
  for (;;) {
    const wait = Math.max(pace.interval, pace.pause) * 1000;
    const timeLeft = expiresAt - clock.now();
    await clock.sleep(Math.max(0, Math.min(wait, timeLeft)), signal);
    if (wait > timeLeft) throw expired();
    try {
      return await unlessAborted(ask(), signal);
    } catch (error) {
      signal?.throwIfAborted();
      pace = paceAfter(error, pace);
    }
  }
}

/** How long to wait before the next request, in seconds. */
interface Pace {
  /** The least, from now on. */
  interval: number;
  /** The least before the next request alone. */
  pause: number;
}

/** @throws the error, when it is final */
function paceAfter(error: unknown, { interval, pause }: Pace): Pace {
  if (!(error instanceof OAuthError)) throw error;
  const { retryAfter = 0, isTemporary = false } = error instanceof ProviderError ? error : {};
  if (error.error === 'authorization_pending') return { interval, pause: retryAfter };
  if (error.error === 'slow_down') {
    return { interval: pollingInterval(Math.max(interval + SLOW_DOWN, retryAfter)), pause: 0 };
  }
  if (!isTemporary) throw error;
  if (retryAfter > 0) return { interval, pause: retryAfter };
  const last = Math.max(interval, pause);
  // RFC 8628 §3.5 requires a growing interval after time-outs
  if (error.getStatus() === 504) return { interval, pause: Math.min(last * 2, INTERVAL.atMost) };
  return { interval, pause: Math.min(last + interval, LONGEST_PAUSE) };
}

/** Rejects at once when the signal aborts. A late result is ignored. */
async function unlessAborted<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return result;
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function expired(): OAuthError {
  return new OAuthError('expired_token', { description: 'the user did not answer in time; begin again', status: 403 });
}
