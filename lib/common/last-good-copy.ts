import { nowInSeconds } from './now-in-seconds.js';

/**
 * A value that is fetched when it is needed, and kept. All calls that need it at the same time share one fetch. When a fetch
 * fails, the last good copy is returned.
 */
export class LastGoodCopy<Value> {
  readonly #fetch: () => Promise<Value>;
  #copy?: { value: Value };
  #fetchedAt = -Infinity;
  #fetching?: Promise<Value>;
  #failure?: Error;

  constructor(fetch: () => Promise<Value>) {
    this.#fetch = fetch;
  }

  /** Why the last fetch failed, if it did. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Returns the value, fetched again if the last fetch is too long ago.
   * @param maxAge seconds since the last fetch, whether it failed or not
   * @throws {Error} of the fetch, when it fails and no fetch has succeeded before; the next call tries again
   */
  async get(maxAge: (value: Value) => number): Promise<Value> {
    const copy = this.#copy;
    if (copy && nowInSeconds() - this.#fetchedAt < maxAge(copy.value)) return copy.value;
    return (this.#fetching ??= this.#refetch().finally(() => (this.#fetching = undefined)));
  }

  async #refetch(): Promise<Value> {
    try {
      this.#copy = { value: await this.#fetch() };
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      if (!this.#copy) throw error;
    } finally {
      this.#fetchedAt = nowInSeconds();
    }
    return this.#copy.value;
  }
}
