import type { GenericAbortSignal } from 'axios';
import { clamp, MAX_DELAY } from '../common/limits.js';

/** Milliseconds that a provider has to answer, by default. */
export const DEFAULT_TIMEOUT = 10_000;

/**
 * The time by which a whole call must be over: its redirects, its second attempt, and the body of its answer. The timeout of
 * axios starts again with every byte.
 */
export class Deadline {
  /** Milliseconds; 0 means that there is no deadline. */
  readonly timeout: number;
  /** Aborts when the time is over, and when the caller aborts. */
  readonly signal: AbortSignal;
  readonly #callers?: GenericAbortSignal;
  readonly #time = new AbortController();
  readonly #timer?: NodeJS.Timeout;

  /** @param callers the signal of the caller */
  constructor(timeout: unknown, callers?: GenericAbortSignal) {
    this.timeout = clamp(timeout, 0, MAX_DELAY, DEFAULT_TIMEOUT);
    this.#callers = callers;
    this.signal = callers ? AbortSignal.any([this.#time.signal, nativeSignal(callers)]) : this.#time.signal;
    if (this.timeout > 0) {
      this.#timer = setTimeout(
        () => this.#time.abort(new DOMException('The call took too long.', 'TimeoutError')),
        this.timeout,
      );
    }
  }

  /** Whether the call took too long: by this deadline, or by an `AbortSignal.timeout()` of the caller. */
  get isOver(): boolean {
    const { reason } = (this.#callers ?? {}) as { reason?: { name?: unknown } };
    return this.#time.signal.aborted || reason?.name === 'TimeoutError';
  }

  /** Runs a call; rejects when the time is over, even if the call does not listen to the signal. */
  async run<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#time;
    const over = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    try {
      return await Promise.race([call(this.signal), over]);
    } finally {
      clearTimeout(this.#timer);
    }
  }
}

/** axios takes signals of other implementations too. */
function nativeSignal(signal: GenericAbortSignal): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  const controller = new AbortController();
  const abort = (): void => controller.abort((signal as { reason?: unknown }).reason);
  if (signal.aborted) abort();
  else signal.addEventListener?.('abort', abort);
  return controller.signal;
}
