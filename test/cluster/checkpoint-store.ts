import type { TokenKey, TokenLock, TokenStore, VersionedToken } from '../../lib/stores/index.js';
import type { Checkpoint } from './messages.js';

/** A store that reports each checkpoint of a refresh, and waits there until it may continue. */
export class CheckpointStore implements TokenStore {
  readonly #store: TokenStore;
  readonly #reach: (checkpoint: Checkpoint) => Promise<void>;
  #isLocked = false;

  constructor(store: TokenStore, reach: (checkpoint: Checkpoint) => Promise<void>) {
    this.#store = store;
    this.#reach = reach;
  }

  async fetch(key: TokenKey): Promise<VersionedToken | undefined> {
    const found = await this.#store.fetch(key);
    if (this.#isLocked) await this.#reach('read');
    return found;
  }

  async save(...args: Parameters<TokenStore['save']>): Promise<string | undefined> {
    const version = await this.#store.save(...args);
    await this.#reach('saved');
    return version;
  }

  remove(key: TokenKey, expected?: string): Promise<boolean> {
    return this.#store.remove(key, expected);
  }

  async lock(key: TokenKey, lease: number): Promise<TokenLock | undefined> {
    const lock = await this.#store.lock?.(key, lease);
    if (!lock) return undefined;
    await this.#reach('locked');
    this.#isLocked = true;
    return {
      interrupted: lock.interrupted,
      extend: (again) => lock.extend(again),
      release: () => {
        this.#isLocked = false;
        return lock.release();
      },
    };
  }
}
