import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { TokenKey, TokenLock, TokenStore } from '../../token/token-store.js';
import { assertHas, freshKey, save, smallToken, withKey, type Cases } from './fixtures.js';

const CONCURRENT_CALLS = 20;
/** A lease that does not end during a case. */
const LONG_MS = 60_000;
/** A lease for whose end a case waits. */
const SHORT_MS = 150;
/** A lease that is long enough for two calls in a row on a slow machine. */
const MEDIUM_MS = 1000;
/** How long a case waits for the end of a lease of {@link SHORT_MS}. */
const TIMEOUT_MS = 5000;

type Locking = TokenStore & Required<Pick<TokenStore, 'lock'>>;

/** The lock of a token has one holder, and is free when its lease ends. */
export const LOCK_CASES: Cases = {
  'gives the lock to one alone of many concurrent calls': withLocks(async (store, key) => {
    const locks = await Promise.all(Array.from({ length: CONCURRENT_CALLS }, () => store.lock(key, LONG_MS)));
    const holders = locks.filter((lock) => lock !== undefined);
    assert.equal(holders.length, 1, `${holders.length} of ${CONCURRENT_CALLS} calls received the lock`);
    await holders[0]?.release();
  }),

  'gives the lock to the next holder once it is released, and does not report an interruption': withLocks(
    async (store, key) => {
      for (let round = 0; round < 2; round++) {
        const lock = await take(store, key, LONG_MS);
        assert.equal(lock.interrupted, false, 'interrupted, although the previous holder released the lock');
        assert.equal(await store.lock(key, LONG_MS), undefined, 'a lock with two holders');
        await lock.release();
      }
    },
  ),

  'gives the lock to the next holder once its lease has run out, and reports an interruption': withLocks(
    async (store, key) => {
      await take(store, key, SHORT_MS);
      const next = await takeInTime(store, key, SHORT_MS);
      assert.equal(next.interrupted, true, 'not interrupted, although the previous lease ended');
      const afterNext = await takeInTime(store, key, LONG_MS);
      assert.equal(afterNext.interrupted, true, 'not interrupted, although the previous lease ended');
      await afterNext.release();
      const last = await take(store, key, LONG_MS);
      assert.equal(last.interrupted, false, 'interrupted, although the previous holder released the lock');
      await last.release();
    },
  ),

  'restarts the lease when it is extended': withLocks(async (store, key) => {
    const lock = await take(store, key, MEDIUM_MS);
    assert.equal(await lock.extend(LONG_MS), true);
    await setTimeout(MEDIUM_MS * 1.2);
    assert.equal(await store.lock(key, LONG_MS), undefined, 'the lock is free, although its lease was extended');
    assert.equal(await lock.extend(SHORT_MS), true);
    await (await takeInTime(store, key, LONG_MS)).release();
  }),

  'does not extend a lease that has run out': withLocks(async (store, key) => {
    const lost = await take(store, key, SHORT_MS);
    const lock = await takeInTime(store, key, SHORT_MS);
    assert.equal(await lost.extend(LONG_MS), false, "extend() extended another holder's lock");
    await setTimeout(2 * SHORT_MS);
    assert.equal(await lock.extend(LONG_MS), false, 'extend() extended a lease that had ended');
    await (await takeInTime(store, key, LONG_MS)).release();
    assert.equal(await lock.extend(LONG_MS), false, 'extend() extended a free lock');
  }),

  "does not release another holder's lock when a former holder releases it": withLocks(async (store, key) => {
    const lost = await take(store, key, SHORT_MS);
    const lock = await takeInTime(store, key, LONG_MS);
    await lost.release();
    assert.equal(await store.lock(key, LONG_MS), undefined, "a former holder released another holder's lock");
    await lock.release();
    await lock.release();
    await (await take(store, key, LONG_MS)).release();
  }),

  'has a lock for each token': withLocks(async (store, key) => {
    const lock = await take(store, key, LONG_MS);
    const others = [freshKey(), { ...key, name: 'contract-2' }, { ...key, user: `${key.user}:lock` }];
    for (const other of others) await (await take(store, other, LONG_MS)).release();
    assert.equal(await store.lock(key, LONG_MS), undefined, 'a lock with two holders');
    await lock.release();
  }),

  'lets a token be fetched, saved and removed while it is locked': withLocks(async (store, key) => {
    const lock = await take(store, key, LONG_MS);
    const token = smallToken();
    const version = await save(store, key, token, null);
    await assertHas(store, key, token);
    assert.equal(await store.remove(key, version), true);
    assert.equal(await store.lock(key, LONG_MS), undefined, 'remove() released the lock');
    await lock.release();
  }),
};

function withLocks(check: (store: Locking, key: TokenKey) => Promise<void>): Cases[string] {
  return async (store) => {
    if (store.lock) await withKey(store, (key) => check(store as Locking, key));
  };
}

async function take(store: Locking, key: TokenKey, lease: number): Promise<TokenLock> {
  const lock = await store.lock(key, lease);
  assert.ok(lock, 'lock() did not return a lock, although the lock is free');
  return lock;
}

/** Acquires the lock as soon as it is free. */
async function takeInTime(store: Locking, key: TokenKey, lease: number): Promise<TokenLock> {
  const until = performance.now() + TIMEOUT_MS;
  while (performance.now() < until) {
    const lock = await store.lock(key, lease);
    if (lock) return lock;
    await setTimeout(10);
  }
  assert.fail(`the lock is not free ${TIMEOUT_MS} ms after the start of a lease of ${SHORT_MS} ms`);
}
