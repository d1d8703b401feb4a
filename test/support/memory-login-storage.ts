import type { LoginStorage } from 'nestjs-oauth-client/stores';

/** Keeps pending logins in memory. */
export class MemoryLoginStorage implements LoginStorage {
  readonly #entries = new Map<string, { value: string; until: number }>();

  async set(id: string, value: string, ttlSeconds: number): Promise<void> {
    this.#entries.set(id, { value, until: performance.now() + ttlSeconds * 1000 });
  }

  async take(id: string): Promise<string | undefined> {
    const value = this.peek(id);
    this.#entries.delete(id);
    return value;
  }

  async has(id: string): Promise<boolean> {
    return this.peek(id) !== undefined;
  }

  protected peek(id: string): string | undefined {
    const entry = this.#entries.get(id);
    return entry && performance.now() < entry.until ? entry.value : undefined;
  }
}
