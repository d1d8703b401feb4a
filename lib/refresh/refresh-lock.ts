import { thrownText } from '../errors/error-text.js';
import { LONGEST_TIMER_MS } from '../common/limits.js';
import { logEvent } from '../common/log.js';
import { errorFields } from '../observability/error-fields.js';
import type { TokenLock } from '../token/token-store.js';
import type { TokenSlot } from './token-slot.js';

/** How many times in its lease a lock is extended: often, since what is left of it is the time that a store may be away. */
const BEATS = 8;

/** A lock that is extended for as long as its holder lives and has a say; a holder that dies loses it with the lease. */
export class RefreshLock {
  readonly interrupted: boolean;
  readonly #client: string;
  readonly #lock: TokenLock;
  readonly #lease: number;
  readonly #beat: NodeJS.Timeout;
  /** By the clock that no one sets, and that goes on while the process is stopped. */
  #heldUntil: number;
  #isKept = false;
  #hasFailed = false;

  private constructor(client: string, lock: TokenLock, lease: number, heldUntil: number) {
    this.#client = client;
    this.interrupted = lock.interrupted;
    this.#lock = lock;
    this.#lease = lease;
    this.#heldUntil = heldUntil;
    this.#beat = setInterval(() => void this.#extend(), Math.min(lease / BEATS, LONGEST_TIMER_MS)).unref();
  }

  /**
   * Takes the lock of a slot, and returns undefined when another process has it. A slot without a lock is always taken.
   * @param client its name, for the log
   * @param lease milliseconds
   */
  static async take(client: string, slot: TokenSlot, lease: number): Promise<RefreshLock | undefined> {
    const asked = performance.now();
    const lock = await (slot.lock?.(lease) ?? NOBODY_ELSE);
    return lock && new RefreshLock(client, lock, lease, asked + lease);
  }

  /** False after a long pause: somebody else may hold it by now. */
  get isHeld(): boolean {
    return performance.now() < this.#heldUntil;
  }

  /** Frees the lock. That it could not be freed is no harm: the lease runs out. */
  async release(): Promise<void> {
    if (this.#isKept) return;
    clearInterval(this.#beat);
    await this.#lock.release().catch((error: unknown) => this.#logFailure('token not unlocked', error));
  }

  /** Frees it no sooner than something is done. */
  keepUntil(done: Promise<unknown>): void {
    this.#isKept = true;
    void done.finally(() => {
      this.#isKept = false;
      void this.release();
    });
  }

  /** Once a lock: a store that is away fails at every beat. */
  #logFailure(event: string, error: unknown): undefined {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const detail = thrownText(error);
    logEvent('warn', event, { client: this.#client, ...errorFields(error), step: 'token_store', detail });
  }

  async #extend(): Promise<void> {
    const asked = performance.now();
    const isExtended = await this.#lock
      .extend(this.#lease)
      .catch((error: unknown) => this.#logFailure('lock not extended', error));
    if (isExtended) this.#heldUntil = asked + this.#lease;
    if (isExtended === false) this.#heldUntil = -Infinity;
  }
}

const NOBODY_ELSE: Promise<TokenLock> = Promise.resolve({
  interrupted: false,
  extend: () => Promise.resolve(true),
  release: () => Promise.resolve(),
});
