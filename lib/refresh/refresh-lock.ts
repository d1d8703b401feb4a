import { thrownText } from '../errors/error-text.js';
import { LONGEST_TIMER_MS } from '../common/limits.js';
import { logEvent } from '../common/log.js';
import { errorFields } from '../observability/error-fields.js';
import type { TokenLock } from '../token/token-store.js';
import type { TokenSlot } from './token-slot.js';

/** How often a lock is extended per lease. Often, because the rest of the lease is the time that a store may be unavailable. */
const EXTENSIONS_PER_LEASE = 8;

/** A lock that is extended periodically until it is released. If the process dies, the lock expires with its lease. */
export class RefreshLock {
  readonly interrupted: boolean;
  readonly #client: string;
  readonly #lock: TokenLock;
  readonly #lease: number;
  readonly #timer: NodeJS.Timeout;
  /** In the milliseconds of `performance.now()`, which is monotonic and continues while the process is stopped. */
  #heldUntil: number;
  #isKept = false;
  #hasFailed = false;

  private constructor(client: string, lock: TokenLock, lease: number, heldUntil: number) {
    this.#client = client;
    this.interrupted = lock.interrupted;
    this.#lock = lock;
    this.#lease = lease;
    this.#heldUntil = heldUntil;
    const interval = Math.min(lease / EXTENSIONS_PER_LEASE, LONGEST_TIMER_MS);
    this.#timer = setInterval(() => void this.#extend(), interval).unref();
  }

  /**
   * Acquires the lock of a slot. Returns undefined when another process holds it. Always succeeds for a slot without a lock.
   * @param client the client's name, for the log
   * @param lease in milliseconds
   */
  static async take(client: string, slot: TokenSlot, lease: number): Promise<RefreshLock | undefined> {
    const start = performance.now();
    const lock = await (slot.lock?.(lease) ?? UNSHARED);
    return lock && new RefreshLock(client, lock, lease, start + lease);
  }

  /** False when the lease may have ended, such as after the process was stopped: another process may hold the lock. */
  get isHeld(): boolean {
    return performance.now() < this.#heldUntil;
  }

  /** Releases the lock. Logs a failure and does not throw, because the lock expires with its lease. */
  async release(): Promise<void> {
    if (this.#isKept) return;
    clearInterval(this.#timer);
    await this.#lock.release().catch((error: unknown) => this.#logFailure('token not unlocked', error));
  }

  /** Keeps the lock until a promise settles, also if `release()` is called before. */
  keepUntil(done: Promise<unknown>): void {
    this.#isKept = true;
    void done.finally(() => {
      this.#isKept = false;
      void this.release();
    });
  }

  /** Logs only the first failure, because an unavailable store fails at every extension. */
  #logFailure(event: string, error: unknown): undefined {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const detail = thrownText(error);
    logEvent('warn', event, { client: this.#client, ...errorFields(error), step: 'token_store', detail });
  }

  async #extend(): Promise<void> {
    const start = performance.now();
    const isExtended = await this.#lock
      .extend(this.#lease)
      .catch((error: unknown) => this.#logFailure('lock not extended', error));
    if (isExtended) this.#heldUntil = start + this.#lease;
    if (isExtended === false) this.#heldUntil = -Infinity;
  }
}

/** The lock of a slot that no other process uses. */
const UNSHARED: Promise<TokenLock> = Promise.resolve({
  interrupted: false,
  extend: () => Promise.resolve(true),
  release: () => Promise.resolve(),
});
