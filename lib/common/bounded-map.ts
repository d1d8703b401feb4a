/** A map with a size limit and a time to live. The oldest entry is evicted first. */
export class BoundedMap<Value> {
  readonly #limit: number;
  readonly #lifetime: number;
  readonly #notes = new Map<string, { value: Value; until: number }>();

  /** @param lifetime milliseconds */
  constructor(limit: number, lifetime = Infinity) {
    this.#limit = limit;
    this.#lifetime = lifetime;
  }

  get(key: string): Value | undefined {
    const note = this.#notes.get(key);
    return note && Date.now() < note.until ? note.value : undefined;
  }

  /** Removes an entry, and returns whether there was one. */
  delete(key: string): boolean {
    return this.#notes.delete(key);
  }

  set(key: string, value: Value): void {
    this.#notes.delete(key);
    this.#notes.set(key, { value, until: Date.now() + this.#lifetime });
    const [oldest] = this.#notes.keys();
    if (this.#notes.size > this.#limit && oldest !== undefined) this.#notes.delete(oldest);
  }
}
