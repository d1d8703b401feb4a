import { nowInSeconds } from './now-in-seconds.js';

/**
 * A cached value that is fetched on demand. Concurrent calls share one fetch. When a fetch fails, the last good copy is
 * returned.
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

  /** The error of the last fetch, if it failed. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Returns the value. Fetches it again if the last fetch, successful or not, is older than `maxAge` allows.
   * @param maxAge returns the number of seconds for which a value is used
   * @throws {Error} the error of the fetch, when it fails and no earlier fetch succeeded; the next call tries again
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
