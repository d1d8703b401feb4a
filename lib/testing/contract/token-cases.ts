import {
  assertHas,
  assertNone,
  freshKey,
  fullToken,
  oauth1Token,
  save,
  smallToken,
  withKey,
  withKeys,
  type Cases,
} from './fixtures.js';

/** A saved token is returned unchanged, and only for its key. */
export const TOKEN_CASES: Cases = {
  'finds no token if none was saved': (store) => withKey(store, (key) => assertNone(store, key)),

  'returns an OAuth 2 token with every field': (store) =>
    withKey(store, async (key) => {
      const token = fullToken();
      await save(store, key, token);
      await assertHas(store, key, token);
    }),

  'returns an OAuth 1 token with every field': (store) =>
    withKey(store, async (key) => {
      const token = oauth1Token();
      await save(store, key, token);
      await assertHas(store, key, token);
    }),

  'keeps nothing of a token that was replaced': (store) =>
    withKey(store, async (key) => {
      for (const token of [fullToken(), smallToken(), oauth1Token(), fullToken(), oauth1Token(), smallToken()]) {
        await save(store, key, token);
        await assertHas(store, key, token);
      }
    }),

  'keeps a token that is not touched by what happens to a saved or fetched object': (store) =>
    withKey(store, async (key) => {
      const token = fullToken();
      const saved = structuredClone(token);
      await save(store, key, token);
      Object.assign(token, { accessToken: 'changed' });
      Object.assign((await store.fetch(key))?.token ?? {}, { accessToken: 'changed', access_token: 'changed' });
      await assertHas(store, key, saved);
    }),

  "keeps the tokens of users and clients apart, and the client's token": async (store) => {
    const { name, user } = freshKey();
    const own = `contract-${user}`;
    const keys = [
      { name, user },
      { name: `${own}#a`, user: '' },
      { name: `${own}#a`, user: 'a' },
      { name: `${own}#b`, user: '' },
      { name: own, user: 'undefined' },
      { name: own, user: 'null' },
      { name: own, user },
      { name: `${own}:b`, user: 'c' },
      { name: own, user: 'b:c' },
      { name: `${own}:b:c#`, user: '' },
      { name: `${own}","b`, user: 'c' },
      { name: own, user: 'b","c' },
      { name: own, user: `${user}:token` },
      { name: own, user: `{${user}}` },
      { name: own, user: `%7B${user}%7D` },
      { name: own, user: `${user} ` },
      { name: own, user: user.toUpperCase() + 'A' },
      { name: own, user: user.toUpperCase() + 'a' },
      { name: own, user: `${user}' OR ''='` },
      { name: own, user: `${user}%` },
      { name: own, user: `${user}_` },
      { name: own, user: `${user}*` },
      { name: own, user: `${user} 日本語 é` },
      { name: own, user: `${user} 日本語 e\u0301` },
      { name: own, user: 'x'.repeat(200) },
      { name: own, user: `${'x'.repeat(199)}y` },
    ];
    await withKeys(store, keys, async () => {
      const tokens = keys.map((key) => ({ key, token: smallToken() }));
      for (const { key, token } of tokens) await save(store, key, token, null);
      for (const { key, token } of tokens) await assertHas(store, key, token);
      for (const [index, { key }] of tokens.entries()) {
        await store.remove(key);
        await assertNone(store, key);
        const next = tokens[index + 1];
        if (next) await assertHas(store, next.key, next.token);
      }
    });
  },
};
