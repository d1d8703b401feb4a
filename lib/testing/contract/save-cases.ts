import assert from 'node:assert/strict';
import { assertHas, assertNone, fullToken, oauth1Token, save, smallToken, withKey, type Cases } from './fixtures.js';

const CONCURRENT_CALLS = 20;

/** A process can replace or remove a token only if it has read the stored version. */
export const SAVE_CASES: Cases = {
  'replaces the expected version': (store) =>
    withKey(store, async (key) => {
      let version = await save(store, key, fullToken(), null);
      for (const token of [smallToken(), fullToken(), oauth1Token(), oauth1Token(), smallToken()]) {
        version = await save(store, key, token, version);
        assert.equal(await assertHas(store, key, token), version, 'fetch() returned another version than save()');
      }
    }),

  'does not replace a token that has another version than the expected version': (store) =>
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
        assert.equal(await store.save(key, other, expected), undefined, 'save() replaced another version');
        assert.equal(await assertHas(store, key, token), version);
      }
    }),

  'saves a token only if there is none, when none is expected': (store) =>
    withKey(store, async (key) => {
      const token = smallToken();
      await save(store, key, token, null);
      assert.equal(await store.save(key, smallToken(), null), undefined, 'save() replaced a token');
      assert.equal(await store.save(key, oauth1Token(), null), undefined, 'save() replaced a token');
      await assertHas(store, key, token);
    }),

  'replaces any token without an expected version': (store) =>
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
      assert.equal(versions.size, 6, 'save() returned a version twice');
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
        assert.equal(await store.remove(key), false, 'remove() removed a token that does not exist');
      }
    }),

  'removes the version that is expected, and no other': (store) =>
    withKey(store, async (key) => {
      const stale = await save(store, key, smallToken());
      const token = fullToken();
      const version = await save(store, key, token);
      assert.equal(await store.remove(key, stale), false, 'remove() removed another version');
      await assertHas(store, key, token);
      assert.equal(await store.remove(key, version), true);
      assert.equal(await store.remove(key, version), false, 'remove() removed a token that does not exist');
      await assertNone(store, key);
    }),

  'does not bring back a removed token until a user signs in': (store) =>
    withKey(store, async (key) => {
      for (const signIn of [undefined, null]) {
        const version = await save(store, key, fullToken(), signIn);
        await store.remove(key);
        assert.equal(await store.save(key, smallToken(), version), undefined, 'save() brought back a removed token');
        await store.remove(key);
        assert.equal(await store.save(key, oauth1Token(), version), undefined, 'save() brought back a removed token');
        await assertNone(store, key);
        const next = await save(store, key, fullToken(), signIn);
        await store.remove(key, next);
        assert.equal(await store.save(key, smallToken(), next), undefined, 'save() brought back a removed token');
        await assertNone(store, key);
      }
    }),
};

async function assertOneWins(
  trySave: (token: ReturnType<typeof smallToken>) => Promise<string | undefined>,
  assertSaved: (token: ReturnType<typeof smallToken>) => Promise<string>,
): Promise<void> {
  const tokens = Array.from({ length: CONCURRENT_CALLS }, smallToken);
  const versions = await Promise.all(tokens.map(trySave));
  const winners = versions.filter((version) => version !== undefined);
  assert.equal(winners.length, 1, `${winners.length} of ${CONCURRENT_CALLS} concurrent saves succeeded`);
  const winner = tokens[versions.findIndex((version) => version !== undefined)];
  assert.ok(winner);
  assert.equal(await assertSaved(winner), winners[0]);
}
