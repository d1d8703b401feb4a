import { setTimeout as sleep } from 'node:timers/promises';
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

/** Seconds that `slow_down` adds (RFC 8628 §3.5). */
const SLOW_DOWN = 5;

/**
 * Asks until the user has said yes or no (RFC 8628 §3.5, OpenID Connect CIBA §11): not before the interval is over, more
 * slowly when told to or when no answer comes, and not beyond the expiry.
 * @throws {OAuthError} `expired_token` when time is up, `access_denied` when the user said no
 */
export async function pollForToken<T>(ask: () => Promise<T>, terms: PollingTerms): Promise<T> {
  let { interval } = terms;
  for (;;) {
    if (Date.now() + interval * 1000 > terms.expiresAt) {
      await wait((terms.expiresAt - Date.now()) / 1000, terms.signal);
      throw expired();
    }
    await wait(interval, terms.signal);
    try {
      return await ask();
    } catch (error) {
      interval = nextInterval(error, interval);
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

async function wait(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(Math.max(0, seconds * 1000), undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

function expired(): OAuthError {
  return new OAuthError('expired_token', { description: 'the user did not answer in time; begin again', status: 403 });
}
