import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { TokenKey, TokenStore } from '../../token/token-store.js';
import {
  readOAuth1Token,
  readOAuth2Token,
  type OAuth1Token,
  type OAuth2Token,
  type StoredToken,
} from '../../token/token.js';

/** Checks of a store, by name. */
export type Cases = Record<string, (store: TokenStore) => Promise<void>>;

/** Runs a check, and then removes the tokens under its keys. */
export async function withKeys(
  store: TokenStore,
  keys: readonly TokenKey[],
  check: (...keys: TokenKey[]) => Promise<void>,
): Promise<void> {
  try {
    await check(...keys);
  } finally {
    for (const key of keys) await store.remove(key);
  }
}

/** Runs a check with one new key, and then removes the token under the key. */
export function withKey(store: TokenStore, check: (key: TokenKey) => Promise<void>): Promise<void> {
  return withKeys(store, [freshKey()], check);
}

export function freshKey(): TokenKey {
  return { name: 'contract', user: randomUUID() };
}

/** Returns a unique OAuth 2 token with every field. */
export function fullToken(): OAuth2Token {
  return {
    accessToken: `access "${randomUUID()}" \\ ünïcödé`,
    tokenType: 'dpop',
    refreshToken: `refresh '${randomUUID()}'`,
    expiresAt: 4_102_444_800, // in 2100: more than 32 bits
    expiresIn: 3600,
    scope: 'openid https://api.test/read',
    idToken: `${'e'.repeat(3000)}.${randomUUID()}`,
    resource: ['https://a.test/', 'https://b.test/'],
    dpopKey: { kty: 'EC', crv: 'P-256', x: randomUUID(), y: 'y', d: `d ${randomUUID()}` },
    name: 'a field of the provider, as are all below',
    user: 'jo',
    user_id: 7,
    version: 'v1',
    extra: { team: { id: 'T', roles: ['a', 'b'], active: true, quota: 0.5, boss: null } },
    text: '日本語 \n \' " \\ ; -- $1 {"',
  };
}

/** Returns a unique OAuth 2 token with the required fields only. */
export function smallToken(): OAuth2Token {
  return { accessToken: `access ${randomUUID()}`, tokenType: 'bearer' };
}

/** Returns a unique OAuth 1 token. */
export function oauth1Token(): OAuth1Token {
  return {
    oauthToken: `token ${randomUUID()}`,
    oauthTokenSecret: `secret "${randomUUID()}"`,
    user_id: '7',
    version: 'v1',
    profile: { screen_name: 'jo 日本語', ids: [1, 2] },
  };
}

/** Asserts that the store contains this token, without fields of another, in camelCase or wire names. Returns its version. */
export async function assertHas(store: TokenStore, key: TokenKey, token: OAuth1Token | OAuth2Token): Promise<string> {
  const held = await store.fetch(key);
  assert.ok(held, 'fetch() did not find the token');
  const found = read(held.token);
  const saved = read(token);
  const wrong = Object.keys({ ...saved, ...found }).filter((field) => !isDeepStrictEqual(found[field], saved[field]));
  assert.deepEqual(wrong, [], 'fetch() returned other fields than the saved fields');
  assert.equal(typeof held.version, 'string');
  return held.version;
}

export async function assertNone(store: TokenStore, key: TokenKey): Promise<void> {
  assert.equal(await store.fetch(key), undefined, 'fetch() found a token that does not exist');
}

/** Saves a token, and returns its version. Throws when the save fails. */
export async function save(
  store: TokenStore,
  key: TokenKey,
  token: OAuth1Token | OAuth2Token,
  expected?: string | null,
): Promise<string> {
  const version = await store.save(key, token, expected);
  assert.ok(typeof version === 'string' && version !== '', 'save() did not return a version');
  return version;
}

/** Returns the fields as plain JSON, because a store may return objects of another realm, such as `structuredClone()` in Jest. */
function read(token: StoredToken): Record<string, unknown> {
  const isOAuth1 = 'oauthToken' in token || 'oauth_token' in token;
  const { expiresIn, expires_in = expiresIn } = token as Record<string, unknown>;
  const fields = isOAuth1 ? readOAuth1Token(token) : { ...readOAuth2Token(token), expiresIn: expires_in ?? undefined };
  return JSON.parse(JSON.stringify(fields)) as Record<string, unknown>;
}
