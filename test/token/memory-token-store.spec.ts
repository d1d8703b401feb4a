import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import type { OAuth1Token, OAuth2Token } from 'nestjs-oauth-client';
import type { TokenKey, TokenLock, TokenStore, VersionedToken } from 'nestjs-oauth-client/stores';
import { MemoryTokenStore, tokenStoreContract } from 'nestjs-oauth-client/testing';

type Token = OAuth1Token | OAuth2Token;

describe('a token store in memory', () => {
  const store = new MemoryTokenStore();

  for (const { name, run } of tokenStoreContract(() => store)) it(name, run);

  it('does not show a token', async () => {
    await store.save({ name: 'google', user: '7' }, { accessToken: 's3cret', tokenType: 'bearer' });
    expect(inspect(store, { depth: 20, showHidden: true })).not.toContain('s3cret');
    expect(JSON.stringify(store)).toBe('{}');
  });
});

/** Reads before it saves, so that other calls save in between. */
class ReadsBeforeItSaves extends MemoryTokenStore {
  override async save(key: TokenKey, token: Token, expected?: string | null) {
    if (expected !== undefined && ((await this.fetch(key))?.version ?? null) !== expected) return undefined;
    return super.save(key, token);
  }
}

class IgnoresTheVersion extends MemoryTokenStore {
  override save(key: TokenKey, token: Token) {
    return super.save(key, token);
  }
}

class TreatsNullAsAnyVersion extends MemoryTokenStore {
  override save(key: TokenKey, token: Token, expected?: string | null) {
    return super.save(key, token, expected ?? undefined);
  }
}

class RemovesAnyVersion extends MemoryTokenStore {
  override remove(key: TokenKey) {
    return super.remove(key);
  }
}

class DoesNotReportRemovals extends MemoryTokenStore {
  override async remove(key: TokenKey, expected?: string) {
    await super.remove(key, expected);
    return true;
  }
}

class RestoresRemovedTokens extends MemoryTokenStore {
  override async save(key: TokenKey, token: Token, expected?: string | null) {
    return (await this.fetch(key)) ? super.save(key, token, expected) : super.save(key, token);
  }
}

/** Builds its keys with a template string. */
class AcceptsAnyUser extends MemoryTokenStore {
  override fetch({ name, user }: TokenKey) {
    return super.fetch({ name, user: [user].join('') });
  }
}

class AcceptsAnyName extends MemoryTokenStore {
  override lock({ name, user }: TokenKey, lease: number) {
    return super.lock({ name: [name].join(''), user }, lease);
  }
}

class LosesFields extends MemoryTokenStore {
  override save(key: TokenKey, { dpopKey: _, ...token }: Token, expected?: string | null) {
    return super.save(key, token, expected);
  }
}

class KeepsOldFields extends MemoryTokenStore {
  override async save(key: TokenKey, token: Token, expected?: string | null) {
    return super.save(key, { ...(await this.fetch(key))?.token, ...token } as Token, expected);
  }
}

class MixesKeys extends MemoryTokenStore {
  override fetch({ name, user }: TokenKey) {
    return super.fetch({ name: 'all', user: `${name}:${user}` });
  }
  override save({ name, user }: TokenKey, token: Token, expected?: string | null) {
    return super.save({ name: 'all', user: `${name}:${user}` }, token, expected);
  }
  override remove({ name, user }: TokenKey, expected?: string) {
    return super.remove({ name: 'all', user: `${name}:${user}` }, expected);
  }
}

class CountsVersionsPerToken implements TokenStore {
  readonly #tokens = new Map<string, VersionedToken>();

  async fetch({ user }: TokenKey) {
    return this.#tokens.get(user);
  }
  async save({ user }: TokenKey, token: Token) {
    const version = String(Number(this.#tokens.get(user)?.version ?? 0) + 1);
    this.#tokens.set(user, { token, version });
    return version;
  }
  async remove({ user }: TokenKey) {
    return this.#tokens.delete(user);
  }
}

class HasSharedLocks extends MemoryTokenStore {
  override lock(key: TokenKey, lease: number) {
    return super.lock({ ...key, user: randomUUID() }, lease);
  }
}

class HasOneLock extends MemoryTokenStore {
  override lock(_key: TokenKey, lease: number) {
    return super.lock({ name: 'one', user: 'for all' }, lease);
  }
}

class NeverExpiresLocks extends MemoryTokenStore {
  override lock(key: TokenKey) {
    return super.lock(key, 1e9);
  }
}

/** A store with changed locks. */
class WithLocks extends MemoryTokenStore {
  readonly #change: (lock: TokenLock) => Partial<TokenLock>;

  constructor(change: (lock: TokenLock) => Partial<TokenLock>) {
    super();
    this.#change = change;
  }

  override async lock(key: TokenKey, lease: number) {
    const lock = await super.lock(key, lease);
    return lock && { ...lock, ...this.#change(lock) };
  }
}

/** Releases the lock even if another holder has acquired it. */
class ReleasesOtherLocks extends MemoryTokenStore {
  readonly #held = new Map<string, TokenLock>();

  override async lock(key: TokenKey, lease: number) {
    const lock = await super.lock(key, lease);
    if (lock) this.#held.set(key.user, lock);
    return lock && { ...lock, release: async () => this.#held.get(key.user)?.release() };
  }
}

describe('the contract of token stores', () => {
  it.each<[string, TokenStore, RegExp]>([
    ['reads before it saves', new ReadsBeforeItSaves(), /one alone of many at once replace/],
    ['ignores the expected version', new IgnoresTheVersion(), /another version than the expected/],
    ['treats null as any version', new TreatsNullAsAnyVersion(), /when none is expected/],
    ['removes any version', new RemovesAnyVersion(), /removes the version that is expected/],
    ['does not report whether it removed a token', new DoesNotReportRemovals(), /removes a token, once/],
    ['restores a removed token', new RestoresRemovedTokens(), /does not bring back/],
    ['accepts an object as a user', new AcceptsAnyUser(), /refuses a user that is not/],
    ['accepts an object as a name', new AcceptsAnyName(), /refuses a name that is not/],
    ['loses a field', new LosesFields(), /OAuth 2 token with every field/],
    ['keeps fields of the old token', new KeepsOldFields(), /keeps nothing of a token that was replaced/],
    ['mixes keys', new MixesKeys(), /keeps the tokens of users and clients apart/],
    ['uses a version twice', new CountsVersionsPerToken(), /never gives a version twice/],
    ['returns the object that it keeps', new CountsVersionsPerToken(), /not touched by what happens/],
    ['has locks that are not exclusive', new HasSharedLocks(), /lock to one alone/],
    ['has one lock for all tokens', new HasOneLock(), /a lock for each token/],
    ['has leases that never expire', new NeverExpiresLocks(), /once its lease has run out/],
    ['never releases', new WithLocks(() => ({ release: async () => {} })), /once it is released/],
    ['never reports interrupted', new WithLocks(() => ({ interrupted: false })), /once its lease has run out/],
    ['always reports interrupted', new WithLocks(() => ({ interrupted: true })), /once it is released/],
    [
      'reports an extension without extending',
      new WithLocks(() => ({ extend: async () => true })),
      /restarts the lease/,
    ],
    ['never extends', new WithLocks(() => ({ extend: async () => false })), /restarts the lease/],
    [
      'reports an extension of an expired lease',
      new WithLocks(({ extend }) => ({ extend: async (lease) => (await extend(lease)) || true })),
      /does not extend a lease that has run out/,
    ],
    ["releases another's lock", new ReleasesOtherLocks(), /a former holder releases it/],
  ])('fails a store that %s', async (_, store, expected) => {
    const cases = tokenStoreContract(() => store).filter(({ name }) => expected.test(name));
    expect(cases).toHaveLength(1);
    await expect(cases[0]!.run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
  });

  it('does not require locks of a store without them', async () => {
    const store = new MemoryTokenStore();
    const withoutLocks: TokenStore = {
      fetch: (key) => store.fetch(key),
      save: (...args) => store.save(...args),
      remove: (...args) => store.remove(...args),
    };
    for (const { run } of tokenStoreContract(() => withoutLocks)) await run();
  });
});
