import { setTimeout as sleep } from 'node:timers/promises';
import { clamp } from '../../common/limits.js';
import { OAuthError, ProviderError } from '../../errors/oauth.errors.js';
import { readLifetime } from '../../token/expiry.js';

/** The time limit and the interval of polling. */
export interface PollingTerms {
  /** Seconds between two requests. */
  interval: number;
  /** The end of polling, in milliseconds since 1970. */
  expiresAt: number;
  /** Stops polling. The reason of the signal is thrown. */
  signal?: AbortSignal;
}

/** The clock, which tests replace. */
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

/** Seconds between two requests: the default (RFC 8628 §3.2) and the limits. */
const INTERVAL_S = { default: 5, atLeast: 1, atMost: 300 };
/** Seconds until a request expires: the default and the limit. */
const LIFETIME_S = { default: 600, atMost: 86_400 };
/** Seconds that `slow_down` adds to the interval (RFC 8628 §3.5). */
const SLOW_DOWN_S = 5;
/** The longest pause after failures that are not timeouts, in seconds. */
const MAX_PAUSE_S = 60;

/**
 * Converts an `expires_in` and an `interval` that are strings to seconds, as the lifetime of a token. An invalid value such as "1h"
 * becomes `null`, which `oauth4webapi` refuses. `parseFloat()` would read one second.
 */
export function readPollingTerms(fields: Record<string, unknown>): Record<string, unknown> {
  const texts = ['expires_in', 'interval'].filter((name) => typeof fields[name] === 'string');
  return { ...fields, ...Object.fromEntries(texts.map((name) => [name, readLifetime(fields[name]) ?? null])) };
}

/** Returns a provider's `interval`, limited to 1 to 300 seconds. */
export function pollingInterval(interval: unknown): number {
  return clamp(interval, INTERVAL_S.atLeast, INTERVAL_S.atMost, INTERVAL_S.default);
}

/** Returns a provider's `expires_in`, limited to 24 hours, in seconds. */
export function pollingLifetime(expiresIn: unknown): number {
  return clamp(expiresIn, 0, LIFETIME_S.atMost, LIFETIME_S.default);
}

/**
 * Polls for the token until the user has decided (RFC 8628 §3.5, OpenID Connect CIBA §11). Waits for the interval before each
 * request. Each `slow_down` adds five seconds to the interval. Consecutive temporary failures (no response in time, no connection,
 * 5xx, 429) increase the wait, and a `Retry-After` replaces the increased wait.
 * @throws {OAuthError} `expired_token` when the request expires, or the provider's final error, such as `access_denied`
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

/** The wait before the next request, in seconds. */
interface Pace {
  /** Minimum wait before all further requests. */
  interval: number;
  /** Minimum wait before the next request only. */
  pause: number;
}

/** Returns the pace after an error. Throws the error if it is final. */
function paceAfter(error: unknown, { interval, pause }: Pace): Pace {
  if (!(error instanceof OAuthError)) throw error;
  const { retryAfter = 0, isTemporary = false } = error instanceof ProviderError ? error : {};
  if (error.error === 'authorization_pending') return { interval, pause: retryAfter };
  if (error.error === 'slow_down') {
    return { interval: pollingInterval(Math.max(interval + SLOW_DOWN_S, retryAfter)), pause: 0 };
  }
  if (!isTemporary) throw error;
  if (retryAfter > 0) return { interval, pause: retryAfter };
  const last = Math.max(interval, pause);
  // RFC 8628 §3.5 requires an increasing interval after timeouts
  if (error.getStatus() === 504) return { interval, pause: Math.min(last * 2, INTERVAL_S.atMost) };
  return { interval, pause: Math.min(last + interval, MAX_PAUSE_S) };
}

/** Resolves with the result, or rejects immediately when the signal aborts. A late result is ignored. */
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
  return new OAuthError('expired_token', {
    description: 'the user did not approve or deny the login in time. Start the login again',
    status: 403,
  });
}
