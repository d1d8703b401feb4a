import { randomUUID } from 'node:crypto';
import type { TokenKey, TokenLock, TokenStore, VersionedToken } from '../token/token-store.js';
import type { OAuth1Token, OAuth2Token } from '../token/token.js';

interface Lease {
  holder: string;
  /** By the clock that never goes back. */
  until: number;
}

/** Keeps tokens as long as the process lives: for tests, and for an application that is one process. */
export class MemoryTokenStore implements TokenStore {
  readonly #tokens = new Map<string, VersionedToken>();
  readonly #leases = new Map<string, Lease>();

  fetch(key: TokenKey): Promise<VersionedToken | undefined> {
    return Promise.resolve(structuredClone(this.#tokens.get(idOf(key))));
  }

  save(key: TokenKey, token: OAuth1Token | OAuth2Token, expected?: string | null): Promise<string | undefined> {
    const id = idOf(key);
    if (expected !== undefined && (this.#tokens.get(id)?.version ?? null) !== expected) {
      return Promise.resolve(undefined);
    }
    const version = randomUUID();
    this.#tokens.set(id, { token: structuredClone(token), version });
    return Promise.resolve(version);
  }

  remove(key: TokenKey, expected?: string): Promise<boolean> {
    const id = idOf(key);
    const isOther = expected !== undefined && this.#tokens.get(id)?.version !== expected;
    return Promise.resolve(!isOther && this.#tokens.delete(id));
  }

  lock(key: TokenKey, lease: number): Promise<TokenLock | undefined> {
    const id = idOf(key);
    const before = this.#leases.get(id);
    if (before && isLive(before)) return Promise.resolve(undefined);
    const holder = randomUUID();
    this.#leases.set(id, { holder, until: performance.now() + lease });
    return Promise.resolve({
      interrupted: before !== undefined,
      extend: (lease) => Promise.resolve(this.#extend(id, holder, lease)),
      release: () => {
        this.#release(id, holder);
        return Promise.resolve();
      },
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

/** `a` and `b:c` are another key than `a:b` and `c`. */
function idOf({ name, user }: TokenKey): string {
  return JSON.stringify([name, user]);
}
