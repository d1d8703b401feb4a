import assert from 'node:assert/strict';
import { assertHas, assertNone, fullToken, oauth1Token, save, smallToken, withKey, type Cases } from './fixtures.js';

const AT_ONCE = 20;

/** Of the processes that want to replace or remove a token, only one that has seen it does. */
export const SAVE_CASES: Cases = {
  'replaces the version that is expected': (store) =>
    withKey(store, async (key) => {
      let version = await save(store, key, fullToken(), null);
      for (const token of [smallToken(), fullToken(), oauth1Token(), oauth1Token(), smallToken()]) {
        version = await save(store, key, token, version);
        assert.equal(await assertHas(store, key, token), version, 'fetch() gives another version than save()');
      }
    }),

  'leaves a token that is another version than the expected': (store) =>
    withKey(store, async (key) => {
      const stale = await save(store, key, smallToken());
      const token = fullToken();
      const version = await save(store, key, token);
      for (const [expected, other] of [
        [stale, smallToken()],
        ['none such', smallToken()],
        ['', smallToken()],
        [stale, oauth1Token()],
      ] as const) {
        assert.equal(await store.save(key, other, expected), undefined, 'save() over another version');
        assert.equal(await assertHas(store, key, token), version);
      }
    }),

  'saves over none, when none is expected': (store) =>
    withKey(store, async (key) => {
      const token = smallToken();
      await save(store, key, token, null);
      assert.equal(await store.save(key, smallToken(), null), undefined, 'save() over a token');
      assert.equal(await store.save(key, oauth1Token(), null), undefined, 'save() over a token');
      await assertHas(store, key, token);
    }),

  'saves over whatever is there, when nothing is said': (store) =>
    withKey(store, async (key) => {
      await save(store, key, smallToken());
      const token = fullToken();
      await save(store, key, token);
      await assertHas(store, key, token);
    }),

  'never gives a version twice': (store) =>
    withKey(store, async (key) => {
      const token = smallToken();
      const versions = new Set<string>();
      for (let round = 0; round < 3; round++) {
        versions.add(await save(store, key, token));
        versions.add(await save(store, key, token));
        await store.remove(key);
      }
      assert.equal(versions.size, 6, 'a version came back');
    }),

  'lets one alone of many at once replace a version': (store) =>
    withKey(store, async (key) => {
      const expected = await save(store, key, fullToken());
      await assertOneWins(
        (token) => store.save(key, token, expected),
        (token) => assertHas(store, key, token),
      );
    }),

  'lets one alone of many at once save the first token': (store) =>
    withKey(store, (key) =>
      assertOneWins(
        (token) => store.save(key, token, null),
        (token) => assertHas(store, key, token),
      ),
    ),

  'removes a token, once': (store) =>
    withKey(store, async (key) => {
      for (const token of [fullToken(), oauth1Token()]) {
        await save(store, key, token);
        assert.equal(await store.remove(key), true);
        await assertNone(store, key);
        assert.equal(await store.remove(key), false, 'remove() removed what was not there');
      }
    }),

  'removes the version that is expected, and no other': (store) =>
    withKey(store, async (key) => {
      const stale = await save(store, key, smallToken());
      const token = fullToken();
      const version = await save(store, key, token);
      assert.equal(await store.remove(key, stale), false, 'remove() of another version');
      await assertHas(store, key, token);
      assert.equal(await store.remove(key, version), true);
      assert.equal(await store.remove(key, version), false, 'remove() removed what was not there');
      await assertNone(store, key);
    }),

  'does not bring back a token that was removed, until somebody signs in': (store) =>
    withKey(store, async (key) => {
      for (const signIn of [undefined, null]) {
        const version = await save(store, key, fullToken(), signIn);
        await store.remove(key);
        assert.equal(await store.save(key, smallToken(), version), undefined, 'save() after remove()');
        await store.remove(key);
        assert.equal(await store.save(key, oauth1Token(), version), undefined, 'save() after remove()');
        await assertNone(store, key);
        const next = await save(store, key, fullToken(), signIn);
        await store.remove(key, next);
        assert.equal(await store.save(key, smallToken(), next), undefined, 'save() after remove()');
        await assertNone(store, key);
      }
    }),
};

async function assertOneWins(
  trySave: (token: ReturnType<typeof smallToken>) => Promise<string | undefined>,
  assertSaved: (token: ReturnType<typeof smallToken>) => Promise<string>,
): Promise<void> {
  const tokens = Array.from({ length: AT_ONCE }, smallToken);
  const versions = await Promise.all(tokens.map(trySave));
  const winners = versions.filter((version) => version !== undefined);
  assert.equal(winners.length, 1, `${winners.length} of ${AT_ONCE} saves at once succeeded`);
  const winner = tokens[versions.findIndex((version) => version !== undefined)];
  assert.ok(winner);
  assert.equal(await assertSaved(winner), winners[0]);
}
