/** How many are remembered. */
const MAX_USED = 10_000;

/** What was used of late, in this process: the oldest are forgotten. */
export class UsedStates {
  readonly #lifetime: number;
  /** When each may be forgotten, in seconds since 1970; the first is the oldest. */
  readonly #expiries = new Map<string, number>();

  /** @param lifetime seconds that each is remembered, at least */
  constructor(lifetime: number) {
    this.#lifetime = lifetime;
  }

  has(id: string): boolean {
    return this.#expiries.has(id);
  }

  add(id: string): void {
    const now = Date.now() / 1000;
    this.#expiries.delete(id); // so that it is the last
    this.#expiries.set(id, now + this.#lifetime);
    for (const [oldest, expiry] of this.#expiries) {
      if (expiry >= now && this.#expiries.size <= MAX_USED) break;
      this.#expiries.delete(oldest);
    }
  }
}
