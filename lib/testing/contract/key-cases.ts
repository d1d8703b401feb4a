import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TokenKey, TokenStore } from '../../token/token-store.js';
import { assertHas, freshKey, save, smallToken, withKeys, type Cases } from './fixtures.js';

/** Invalid users: their keys could collide with those of other users, or cannot be stored in a database. */
const NOT_USERS: readonly unknown[] = [
  '',
  undefined,
  null,
  true,
  NaN,
  0.5,
  2 ** 53,
  {},
  ['ada'],
  new String('ada'),
  { toString: () => 'ada' },
  () => 'ada',
  Symbol('ada'),
  1n,
  'a\0b',
  'a\ud800',
  'x'.repeat(1001),
  'é'.repeat(501),
];
const NOT_NAMES: readonly unknown[] = ['', undefined, null, 7, {}, ['contract'], 'a\0b', 'x'.repeat(1001)];

/** A store refuses an invalid key, so that two users never share a token. */
export const KEY_CASES: Cases = {
  'refuses a user that is not a non-empty string, in every method': async (store) => {
    for (const user of NOT_USERS) await assertRefused(store, { name: freshKey().name, user });
  },

  'refuses a name that is not a non-empty string, in every method': async (store) => {
    for (const name of NOT_NAMES) await assertRefused(store, { name, user: freshKey().user });
  },

  'keeps a token under the longest key': (store) => {
    const longestPart = (): string => randomBytes(750).toString('base64url');
    const key = { name: longestPart(), user: longestPart() };
    return withKeys(store, [key], async () => {
      const token = smallToken();
      await save(store, key, token, null);
      await assertHas(store, key, token);
    });
  },
};

async function assertRefused(store: TokenStore, invalid: { name: unknown; user: unknown }): Promise<void> {
  const key = invalid as TokenKey;
  const methods: Record<string, () => unknown> = {
    fetch: () => store.fetch(key),
    save: () => store.save(key, smallToken()),
    'save (the first)': () => store.save(key, smallToken(), null),
    remove: () => store.remove(key),
    lock: () => (store.lock ? store.lock(key, 1000) : Promise.reject(new Error('no locks'))),
  };
  for (const [method, call] of Object.entries(methods)) {
    const kind = Object.entries(invalid)
      .map(([part, value]) => `${part}: ${typeof value}`)
      .join(', ');
    await assert.rejects(Promise.resolve().then(call), `${method}() accepted an invalid key (${kind})`);
  }
}
