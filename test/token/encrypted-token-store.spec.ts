import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { OAuthConfigError, OAuthError, type OAuth2Token } from 'nestjs-oauth-client';
import { EncryptedTokenStore, type TokenKey, type TokenStore } from 'nestjs-oauth-client/stores';
import { MemoryTokenStore, tokenStoreContract } from 'nestjs-oauth-client/testing';

const KEY = randomBytes(32).toString('base64');
const NEXT_KEY = randomBytes(32).toString('base64url');
const ADA = { name: 'google', user: 'ada' };
const TOKEN = {
  accessToken: 's3cret-access',
  tokenType: 'dpop',
  refreshToken: 's3cret-refresh',
  expiresAt: 4_102_444_800,
  scope: 'email',
  idToken: 's3cret-id',
  resource: ['https://s3cret.test/'],
  dpopKey: { kty: 'EC', d: 's3cret-key' },
  email: 's3cret@mail.test',
};
const OAUTH1_TOKEN = { oauthToken: 's3cret-token', oauthTokenSecret: 's3cret-secret', user_id: 's3cret-7' };

describe('an encrypted token store', () => {
  const shared = new EncryptedTokenStore(new MemoryTokenStore(), KEY);
  for (const { name, run } of tokenStoreContract(() => shared)) it(name, run);

  it('passes no secret to the underlying store', async () => {
    const { store, inner } = stores();
    await store.save(ADA, TOKEN);
    const sealed = await inner.fetch(ADA);
    expect(JSON.stringify(sealed)).not.toContain('s3cret');
    expect(sealed?.token).toEqual({
      accessToken: expect.stringMatching(/^sealed:/),
      tokenType: 'dpop',
      expiresAt: 4_102_444_800,
      scope: 'email',
    });
    await store.save(ADA, OAUTH1_TOKEN);
    expect(JSON.stringify(await inner.fetch(ADA))).not.toContain('s3cret');
    expect((await store.fetch(ADA))?.token).toEqual(OAUTH1_TOKEN);
  });

  it('seals the same token differently each time', async () => {
    const { store, inner } = stores();
    await store.save(ADA, TOKEN);
    const first = await inner.fetch(ADA);
    await store.save(ADA, TOKEN);
    expect((await inner.fetch(ADA))?.token).not.toEqual(first?.token);
  });

  it.each([
    ['user', { name: 'google', user: 'mallory' }],
    ['user: the client itself', { name: 'google#own', user: '' }],
    ['provider', { name: 'github', user: 'ada' }],
    ['pair of provider and user with the same letters', { name: 'googlea', user: 'da' }],
  ])('does not open a row that was moved to another %s', async (_, thief) => {
    const { store, inner } = stores();
    for (const token of [TOKEN, OAUTH1_TOKEN]) {
      await store.save(ADA, token);
      await move(inner, ADA, thief);
      await expectUnreadable(store, thief, /another user or client/);
    }
  });

  it('does not open a token that was changed', async () => {
    const { store, inner } = stores();
    await store.save(ADA, TOKEN);
    const { accessToken, ...rest } = (await inner.fetch(ADA))!.token as OAuth2Token;
    const parts = accessToken.split('.');
    for (const index of parts.keys()) {
      const tampered = parts.map((part, other) => (other === index ? flip(part) : part)).join('.');
      await inner.save(ADA, { ...rest, accessToken: tampered });
      await expectUnreadable(store, ADA, /./);
    }
  });

  it('ignores fields next to the sealed token', async () => {
    const { store, inner } = stores();
    await store.save(ADA, TOKEN);
    const { token } = (await inner.fetch(ADA))!;
    await inner.save(ADA, { ...(token as OAuth2Token), expiresAt: 1, refreshToken: 'evil', tokenType: 'bearer' });
    expect((await store.fetch(ADA))?.token).toEqual(TOKEN);
  });

  it('opens with any of its keys, and seals with the first key when it saves', async () => {
    const { store, inner } = stores();
    await store.save(ADA, TOKEN);
    const rotating = new EncryptedTokenStore(inner, [NEXT_KEY, KEY]);
    expect((await rotating.fetch(ADA))?.token).toEqual(TOKEN);
    const rotated = new EncryptedTokenStore(inner, NEXT_KEY);
    await expectUnreadable(rotated, ADA, /its key is not among `keys`/);
    const held = (await rotating.fetch(ADA))!;
    await rotating.save(ADA, held.token as OAuth2Token, held.version);
    expect((await rotated.fetch(ADA))?.token).toEqual(TOKEN);
  });

  it.each([[TOKEN], [OAUTH1_TOKEN], [{ access_token: 's3cret', refresh_token: null }]])(
    'refuses a token that is not encrypted unless readsPlain is set: %j',
    async (token) => {
      const { store, inner } = stores();
      await inner.save(ADA, token as unknown as OAuth2Token);
      await expectUnreadable(store, ADA, /is not encrypted.*readsPlain/);
      const migrating = new EncryptedTokenStore(inner, KEY, { readsPlain: true });
      const held = (await migrating.fetch(ADA))!;
      expect(held.token).toEqual(token);
      await migrating.save(ADA, TOKEN, held.version);
      expect((await store.fetch(ADA))?.token).toEqual(TOKEN);
    },
  );

  it('lets a user with an unreadable token sign in and sign out', async () => {
    const { store, inner } = stores();
    await inner.save(ADA, TOKEN);
    await store.save(ADA, TOKEN);
    expect((await store.fetch(ADA))?.token).toEqual(TOKEN);
    await inner.save(ADA, TOKEN);
    expect(await store.remove(ADA)).toBe(true);
  });

  it('has locks and event methods if the underlying store has them', async () => {
    const told: unknown[] = [];
    class Telling extends MemoryTokenStore {
      onTokenRevoked(revoked: unknown) {
        told.push(this instanceof Telling, revoked);
      }
    }
    const store: TokenStore = new EncryptedTokenStore(new Telling(), KEY);
    store.onTokenRevoked?.({ name: 'google', token: TOKEN, error: new Error('over') });
    expect(told).toEqual([true, expect.objectContaining({ name: 'google' })]);
    expect(store.onTokenUnsaved).toBeUndefined();
    expect(store.lock).toBeInstanceOf(Function);
    const inner = new MemoryTokenStore();
    const withoutLocks: TokenStore = {
      fetch: (key) => inner.fetch(key),
      save: (...args) => inner.save(...args),
      remove: (...args) => inner.remove(...args),
    };
    expect(new EncryptedTokenStore(withoutLocks, KEY).lock).toBeUndefined();
  });

  it('does not show a key or a token', async () => {
    const { store } = stores();
    await store.save(ADA, TOKEN);
    const shown = inspect(store, { depth: 20, showHidden: true }) + JSON.stringify(store);
    for (const secret of [KEY, 's3cret']) expect(shown).not.toContain(secret);
  });

  it.each([[''], ['short'], [[]], [[KEY, 'short']]])('is refused with the keys %j', (keys) => {
    expect(() => new EncryptedTokenStore(new MemoryTokenStore(), keys)).toThrow(OAuthConfigError);
  });
});

function stores(): { store: TokenStore; inner: MemoryTokenStore } {
  const inner = new MemoryTokenStore();
  return { store: new EncryptedTokenStore(inner, KEY), inner };
}

async function move(inner: TokenStore, from: TokenKey, to: TokenKey): Promise<void> {
  const { token } = (await inner.fetch(from))!;
  await inner.save(to, token as OAuth2Token);
}

async function expectUnreadable(store: TokenStore, key: TokenKey, why: RegExp): Promise<void> {
  const error = await store.fetch(key).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OAuthError);
  expect(error).toMatchObject({ error: 'token_unreadable', status: 500, description: expect.stringMatching(why) });
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('s3cret');
}

function flip(text: string): string {
  return text.slice(0, -3) + (text.at(-3) === 'A' ? 'B' : 'A') + text.slice(-2);
}
