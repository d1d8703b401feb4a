import { randomUUID } from 'node:crypto';
import { tokenKey } from './token-key.js';
import type { TokenKey, TokenLock, TokenStore, VersionedToken } from './token-store.js';
import type { OAuth1Token, OAuth2Token } from './token.js';

interface Lease {
  holder: string;
  /** Milliseconds of `performance.now()`, a clock that never goes back. */
  until: number;
}

/** Keeps tokens in the memory of the process, for tests and for applications with one process. */
export class MemoryTokenStore implements TokenStore {
  readonly #tokens = new Map<string, VersionedToken>();
  readonly #leases = new Map<string, Lease>();

  fetch(key: TokenKey): Promise<VersionedToken | undefined> {
    return settled(() => structuredClone(this.#tokens.get(idOf(key))));
  }

  save(key: TokenKey, token: OAuth1Token | OAuth2Token, expected?: string | null): Promise<string | undefined> {
    return settled(() => {
      const id = idOf(key);
      if (expected !== undefined && (this.#tokens.get(id)?.version ?? null) !== expected) return undefined;
      const version = randomUUID();
      this.#tokens.set(id, { token: structuredClone(token), version });
      return version;
    });
  }

  remove(key: TokenKey, expected?: string): Promise<boolean> {
    return settled(() => {
      const id = idOf(key);
      const isOther = expected !== undefined && this.#tokens.get(id)?.version !== expected;
      return !isOther && this.#tokens.delete(id);
    });
  }

  lock(key: TokenKey, lease: number): Promise<TokenLock | undefined> {
    return settled(() => {
      const id = idOf(key);
      const before = this.#leases.get(id);
      if (before && isLive(before)) return undefined;
      const holder = randomUUID();
      this.#leases.set(id, { holder, until: performance.now() + lease });
      return {
        interrupted: before !== undefined,
        extend: (lease) => settled(() => this.#extend(id, holder, lease)),
        release: () => settled(() => this.#release(id, holder)),
      };
    });
  }

  #extend(id: string, holder: string, lease: number): boolean {
    const held = this.#leases.get(id);
    if (held?.holder !== holder || !isLive(held)) return false;
    held.until = performance.now() + lease;
    return true;
  }

  #release(id: string, holder: string): void {
    if (this.#leases.get(id)?.holder === holder) this.#leases.delete(id);
  }
}

function isLive({ until }: Lease): boolean {
  return performance.now() < until;
}

/** Runs a step of the store synchronously, so that steps do not interleave. Rejects when the step throws. */
function settled<T>(step: () => T): Promise<T> {
  return new Promise((resolve) => resolve(step()));
}

/** Encodes the key as JSON, so that `a` and `b:c` do not collide with `a:b` and `c`. */
function idOf(key: TokenKey): string {
  const { name, user } = tokenKey(key.name, key.user);
  return JSON.stringify([name, user]);
}
