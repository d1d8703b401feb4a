import type { GenericAbortSignal } from 'axios';
import { fieldsOf } from '../common/fields-of.js';
import { clamp, LONGEST_TIMER_MS } from '../common/limits.js';

/** Default timeout of a request to the provider, in milliseconds. */
export const DEFAULT_TIMEOUT = 10_000;

/**
 * The time limit of a whole call, including redirects, a second attempt, and the body of the response. The timeout of axios is
 * not enough, because it restarts with every byte.
 */
export class Deadline {
  /** Milliseconds. 0 means that the call has no time limit. */
  readonly timeout: number;
  /** Aborts when the time limit is reached, and when the caller aborts. */
  readonly signal: AbortSignal;
  readonly #callerSignal?: GenericAbortSignal;
  readonly #time = new AbortController();
  readonly #timer?: NodeJS.Timeout;
  #reject?: (reason: unknown) => void;

  /** @param timeout milliseconds; the default for a value that is not a finite number */
  constructor(timeout: unknown, callerSignal?: GenericAbortSignal) {
    this.timeout = clamp(timeout, 0, LONGEST_TIMER_MS, DEFAULT_TIMEOUT);
    this.#callerSignal = callerSignal;
    this.signal = callerSignal ? AbortSignal.any([this.#time.signal, nativeSignal(callerSignal)]) : this.#time.signal;
    if (this.timeout > 0) {
      this.#timer = setTimeout(() => this.#end(), this.timeout);
    }
  }

  /** Whether the time limit was reached: this deadline, or an `AbortSignal.timeout()` of the caller. */
  get isOver(): boolean {
    const { reason } = fieldsOf(this.#callerSignal);
    return this.#time.signal.aborted || fieldsOf(reason).name === 'TimeoutError';
  }

  /** Runs a call. Rejects when the time limit is reached, even if the call ignores the signal. */
  run<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      void (async () => call(this.signal))()
        .then(resolve, reject)
        .finally(() => clearTimeout(this.#timer));
    });
  }

  #end(): void {
    this.#time.abort(new DOMException('The call took too long.', 'TimeoutError'));
    this.#reject?.(this.#time.signal.reason);
  }
}

/** Returns a signal of Node. axios also accepts signals of other implementations. */
function nativeSignal(signal: GenericAbortSignal): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  const controller = new AbortController();
  const abort = (): void => controller.abort(fieldsOf(signal).reason);
  if (signal.aborted) abort();
  else signal.addEventListener?.('abort', abort);
  return controller.signal;
}
