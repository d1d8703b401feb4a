/** A map with a size limit and a time to live. The oldest entry is evicted first. */
export class BoundedMap<Value> {
  readonly #limit: number;
  readonly #lifetime: number;
  readonly #entries = new Map<string, { value: Value; until: number }>();

  /** @param lifetime milliseconds that an entry is kept */
  constructor(limit: number, lifetime = Infinity) {
    this.#limit = limit;
    this.#lifetime = lifetime;
  }

  /** The number of entries, including those that are too old. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    return entry && Date.now() < entry.until ? entry.value : undefined;
  }

  /** Removes an entry. Returns whether the map had it. */
  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: Date.now() + this.#lifetime });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#limit && oldest !== undefined) this.#entries.delete(oldest);
  }
}
