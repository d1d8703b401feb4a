import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { TokenKey, TokenLock, TokenStore } from '../../token/token-store.js';
import { assertHas, freshKey, save, smallToken, withKey, type Cases } from './fixtures.js';

const AT_ONCE = 20;
/** Milliseconds that no case lasts. */
const LONG = 60_000;
/** Milliseconds that a case waits for. */
const SHORT = 150;
/** Milliseconds that a machine under load may take for two calls in a row. */
const UNDER_LOAD = 1000;
/** Milliseconds after which a lease of {@link SHORT} is over by any clock. */
const PATIENCE = 5000;

type Locking = TokenStore & Required<Pick<TokenStore, 'lock'>>;

/** The lock of a token has one holder, and none for longer than its lease. */
export const LOCK_CASES: Cases = {
  'gives the lock to one alone of many at once': withLocks(async (store, key) => {
    const locks = await Promise.all(Array.from({ length: AT_ONCE }, () => store.lock(key, LONG)));
    const holders = locks.filter((lock) => lock !== undefined);
    assert.equal(holders.length, 1, `${holders.length} of ${AT_ONCE} hold the lock`);
    await holders[0]?.release();
  }),

  'gives the lock on, once it is released, to one who need not fear that a refresh is unfinished': withLocks(
    async (store, key) => {
      for (let round = 0; round < 2; round++) {
        const lock = await take(store, key, LONG);
        assert.equal(lock.interrupted, false, 'interrupted, though the holder before had released the lock');
        assert.equal(await store.lock(key, LONG), undefined, 'a lock with two holders');
        await lock.release();
      }
    },
  ),

  'gives the lock on, once its lease has run out, and says that the holder was interrupted': withLocks(
    async (store, key) => {
      await take(store, key, SHORT);
      const next = await takeInTime(store, key, SHORT);
      assert.equal(next.interrupted, true, 'not interrupted, though the lease before ran out');
      const afterNext = await takeInTime(store, key, LONG);
      assert.equal(afterNext.interrupted, true, 'not interrupted, though the lease before ran out');
      await afterNext.release();
      const last = await take(store, key, LONG);
      assert.equal(last.interrupted, false, 'interrupted, though the holder before had released the lock');
      await last.release();
    },
  ),

  'begins the lease anew when it is extended': withLocks(async (store, key) => {
    const lock = await take(store, key, UNDER_LOAD);
    assert.equal(await lock.extend(LONG), true);
    await setTimeout(UNDER_LOAD * 1.2);
    assert.equal(await store.lock(key, LONG), undefined, 'free, though its lease was extended');
    assert.equal(await lock.extend(SHORT), true);
    await (await takeInTime(store, key, LONG)).release();
  }),

  'does not extend a lease that has run out': withLocks(async (store, key) => {
    const lost = await take(store, key, SHORT);
    const lock = await takeInTime(store, key, SHORT);
    assert.equal(await lost.extend(LONG), false, "extended another holder's lock");
    await setTimeout(2 * SHORT);
    assert.equal(await lock.extend(LONG), false, 'extended a lease that had run out');
    await (await takeInTime(store, key, LONG)).release();
    assert.equal(await lock.extend(LONG), false, 'extended a lock that nobody holds');
  }),

  'does not free the lock of another when a former holder releases it': withLocks(async (store, key) => {
    const lost = await take(store, key, SHORT);
    const lock = await takeInTime(store, key, LONG);
    await lost.release();
    assert.equal(await store.lock(key, LONG), undefined, "a former holder freed another's lock");
    await lock.release();
    await lock.release();
    await (await take(store, key, LONG)).release();
  }),

  'has a lock for each token': withLocks(async (store, key) => {
    const lock = await take(store, key, LONG);
    const others = [freshKey(), { ...key, name: 'contract-2' }, { ...key, user: `${key.user}:lock` }];
    for (const other of others) await (await take(store, other, LONG)).release();
    assert.equal(await store.lock(key, LONG), undefined, 'a lock with two holders');
    await lock.release();
  }),

  'lets a token be fetched, saved and removed while it is locked': withLocks(async (store, key) => {
    const lock = await take(store, key, LONG);
    const token = smallToken();
    const version = await save(store, key, token, null);
    await assertHas(store, key, token);
    assert.equal(await store.remove(key, version), true);
    assert.equal(await store.lock(key, LONG), undefined, 'freed by remove()');
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
  assert.ok(lock, 'lock() gave no lock, though nobody holds it');
  return lock;
}

/** Takes the lock as soon as it is free. */
async function takeInTime(store: Locking, key: TokenKey, lease: number): Promise<TokenLock> {
  const until = performance.now() + PATIENCE;
  while (performance.now() < until) {
    const lock = await store.lock(key, lease);
    if (lock) return lock;
    await setTimeout(10);
  }
  assert.fail(`the lock is not free ${PATIENCE} ms after a lease of ${SHORT} ms began`);
}
