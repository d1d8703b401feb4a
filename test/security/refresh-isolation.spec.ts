import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProviderError } from 'nestjs-oauth-client';
import type { OAuth2App, OAuth2Token, OAuthClientModuleOptions } from 'nestjs-oauth-client';
import type { TokenStore } from 'nestjs-oauth-client/stores';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { FreshTokens } from '../../lib/refresh/fresh-tokens.js';
import { inTime } from '../../lib/refresh/in-time.js';
import type { TokenSlot } from '../../lib/refresh/token-slot.js';
import { registryWith } from '../config/registry-with.js';
import { clientOf } from '../providers/client-of.js';
import { startRotatingProvider, type RotatingProvider } from '../providers/rotating-provider.js';
import { startScriptedProvider } from '../providers/scripted-provider.js';
import { TOKEN_STORES, type OpenStore } from '../support/stores.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ADA = { name: 'dev', user: 'ada' };

let provider: RotatingProvider;
let apps: OAuth2App[];

beforeEach(async () => {
  provider = await startRotatingProvider();
  apps = [];
});

afterEach(async () => {
  jest.restoreAllMocks();
  await provider.close();
});

async function start(tokenStore: TokenStore | undefined, options: OAuthClientModuleOptions = {}): Promise<OAuth2App> {
  const dev = clientOf(provider, { clientKwargs: { refreshTimeout: 2 } });
  const registry = await registryWith({ options: { tokenStore, clients: { dev }, ...options } });
  const app = registry.get<OAuth2App>('dev');
  apps.push(app);
  return app;
}

const { now } = Date;

/** Sets the clock forward by a number of milliseconds. */
function later(milliseconds: number): void {
  jest.spyOn(Date, 'now').mockImplementation(() => now() + milliseconds);
}

describe('denial of service by users whose refresh fails', () => {
  let store: MemoryTokenStore;
  let app: OAuth2App;
  /** The responses to the refreshes of a user, in place of a token. */
  let failures: Record<string, { status: number; headers?: Record<string, string> }>;

  beforeEach(async () => {
    store = new MemoryTokenStore();
    app = await start(store);
    failures = {};
    provider.script(({ user }, process) => failures[user] ?? process());
  });

  /** Calls the API as a user whose token is expired, and returns the status or the error. */
  async function call(user: string, isNewLogin = true): Promise<number | ProviderError> {
    if (isNewLogin) await store.save({ name: 'dev', user }, provider.issueExpired(user));
    return app.get('user', { user }).then(
      ({ status }) => status,
      (error: unknown) => error as ProviderError,
    );
  }

  const LIMITED = { status: 429, headers: { 'retry-after': '3600' } };

  it('a 429 with a Retry-After of an hour pauses only the token of its user', async () => {
    failures.ada = LIMITED;
    expect(await call('ada')).toMatchObject({ retryAfter: 3600 });
    const paused = (await call('ada', false)) as ProviderError;
    expect(paused).toMatchObject({ error: 'provider_paused', status: 503, isTemporary: true, answer: undefined });
    expect(paused.retryAfter).toBeGreaterThan(3500);
    expect(paused.message).toContain('the last refresh at the provider of "dev" failed for this token');
    for (const user of ['grace', 'bob', 'eve']) expect(await call(user)).toBe(200);
    expect(provider.refreshes.map(({ user }) => user)).toEqual(['ada', 'grace', 'bob', 'eve']);
  });

  it('one user whose refresh fails for hours never pauses other users', async () => {
    failures.ada = LIMITED;
    for (let login = 0; login < 10; login++) await call('ada');
    for (let hour = 1; hour <= 10; hour++) {
      later(hour * HOUR + MINUTE);
      await call('ada', false);
    }
    expect(provider.refreshes).toHaveLength(20);
    expect(await call('grace')).toBe(200);
  });

  it('two users whose refresh fails do not pause a third user', async () => {
    failures.ada = failures.bob = LIMITED;
    for (const user of ['ada', 'bob', 'ada', 'bob']) await call(user);
    expect(await call('grace')).toBe(200);
  });

  it('three users whose refresh fails pause the client for at most five minutes, and one request ends the pause', async () => {
    const users = ['ada', 'bob', 'eve'];
    for (const user of users) failures[user] = LIMITED;
    for (const user of users) await call(user);
    const refused = (await call('grace')) as ProviderError;
    expect(refused).toMatchObject({ error: 'provider_paused', status: 503, isTemporary: true });
    expect(refused.retryAfter).toBeGreaterThan(250);
    expect(refused.retryAfter).toBeLessThanOrEqual(300);
    expect(refused.message).toContain('failed for several tokens');
    expect(provider.refreshes).toHaveLength(3);

    later(5 * MINUTE + 1000);
    const crowd = Array.from({ length: 20 }, (_, index) => `user ${index}`);
    let underWay = 0;
    let most = 0;
    let tried = false;
    provider.script(async (_attempt, process) => {
      underWay += 1;
      if (!tried) most = Math.max(most, underWay);
      await sleep(50);
      tried = true;
      underWay -= 1;
      return process();
    });
    expect(await Promise.all(crowd.map((user) => call(user)))).toEqual(crowd.map(() => 200));
    expect(most).toBe(1);
  });

  it('a failed refresh after the pause begins another pause, and one user cannot extend it', async () => {
    for (const user of ['ada', 'bob', 'eve', 'grace']) failures[user] = { status: 503 };
    for (const user of ['ada', 'bob', 'eve']) await call(user);
    later(31_000);
    failures.grace = LIMITED;
    expect(await call('grace')).toMatchObject({ retryAfter: 3600 });
    const refused = (await call('zoe')) as ProviderError;
    expect(refused.retryAfter).toBeLessThanOrEqual(30);
    later(62_000);
    expect(await call('zoe')).toBe(200);
    expect(await call('max')).toBe(200);
  });

  it('a successful refresh resets the failure count, and so does a minute without failures', async () => {
    for (const user of ['ada', 'bob', 'eve', 'max']) failures[user] = { status: 503 };
    for (const user of ['ada', 'bob', 'grace', 'eve']) await call(user);
    expect(await call('zoe')).toBe(200);
    for (const [index, user] of ['ada', 'bob', 'eve', 'max'].entries()) {
      later(index * 2 * MINUTE);
      await call(user);
    }
    expect(await call('zoe')).toBe(200);
  });

  it('invalid_grant for many users does not pause any token', async () => {
    for (const user of ['ada', 'bob', 'eve', 'max']) {
      await store.save({ name: 'dev', user }, provider.issueExpired(user));
      provider.revoke(user);
      expect(await call(user, false)).toMatchObject({ error: 'token_revoked' });
    }
    expect(await call('grace')).toBe(200);
  });
});

describe('refresh loop', () => {
  it('a provider that alternates between two tokens does not cause endless reads', async () => {
    const scripted = await startScriptedProvider();
    let refreshes = 0;
    scripted.on('POST /token', () => {
      const name = refreshes++ % 2 === 0 ? 'b' : 'a';
      return { json: { access_token: name, refresh_token: `refresh ${name}`, token_type: 'bearer', expires_in: 3600 } };
    });
    scripted.on('GET /me', ({ headers }) => ({ json: headers.authorization }));
    const dev = clientOf(scripted, { apiBaseUrl: scripted.url });
    const app = (await registryWith({ options: { clients: { dev } } })).get<OAuth2App>('dev');
    const a: OAuth2Token = { accessToken: 'a', tokenType: 'bearer', refreshToken: 'refresh a', expiresAt: 1 };
    const b: OAuth2Token = { ...a, accessToken: 'b', refreshToken: 'refresh b' };
    for (let round = 0; round < 6; round++) {
      later(round * 2 * HOUR);
      const newest = round % 2 === 0 ? 'Bearer b' : 'Bearer a';
      for (const token of round === 0 ? [a, a] : [a, a, b]) expect((await app.get('me', { token })).data).toBe(newest);
      expect(refreshes).toBe(round + 1);
    }
    await scripted.close();
  });
});

describe.each(TOKEN_STORES)('a refreshed token that %s cannot save', (_name, run, open) => {
  run('with this store', () => {
    let opened: OpenStore;
    /** Whether the store refuses to save a refreshed token. It always saves the token of a login. */
    let refuses: boolean;
    let isAway: boolean;
    let saves: number;
    let store: TokenStore;

    beforeAll(async () => {
      opened = await open();
    });

    beforeEach(() => {
      refuses = true;
      isAway = false;
      saves = 0;
      const beneath = opened.store;
      store = {
        fetch: (key) => (isAway ? Promise.reject(new Error('connection lost')) : beneath.fetch(key)),
        save(key, token, expected) {
          if (expected !== undefined) saves += 1;
          const fails = refuses && expected !== undefined;
          return fails ? Promise.reject(new Error('value out of range')) : beneath.save(key, token, expected);
        },
        remove: (key, expected) => beneath.remove(key, expected),
        lock: (key, lease) => beneath.lock!(key, lease),
      };
      jest.spyOn(Logger, 'error').mockImplementation(() => undefined);
    });

    afterEach(async () => {
      refuses = false;
      for (const app of apps) await app.settled();
      await opened.store.remove(ADA);
    });

    afterAll(() => opened.close());

    async function refreshUnsaved(options?: OAuthClientModuleOptions): Promise<OAuth2App> {
      await opened.store.save(ADA, provider.issueExpired('ada'));
      const app = await start(store, options);
      expect((await app.get('user', { user: 'ada' })).data).toEqual({ user: 'ada' });
      return app;
    }

    it('a new login replaces the unsaved token at once', async () => {
      const app = await refreshUnsaved();
      expect((await app.get('user', { user: 'ada' })).data).toEqual({ user: 'ada' });
      await opened.store.save(ADA, provider.issue('ada, signed in again'));
      expect((await app.get('user', { user: 'ada' })).data).toEqual({ user: 'ada, signed in again' });
      await app.settled(); // no token is left to save
      expect((await app.get('user', { user: 'ada' })).data).toEqual({ user: 'ada, signed in again' });
    });

    it('an API call uses the unsaved token while the store is away or has the previous token', async () => {
      const app = await refreshUnsaved();
      isAway = true;
      expect((await app.get('user', { user: 'ada' })).status).toBe(200);
      isAway = false;
      expect((await app.get('user', { user: 'ada' })).status).toBe(200);
      refuses = false;
      await app.settled();
      expect((await app.get('user', { user: 'ada' })).status).toBe(200);
      expect(provider.refreshes).toHaveLength(1);
    });

    it('saving the token ends after a minute, and unlocks its user for other processes', async () => {
      const app = await refreshUnsaved();
      await expect(opened.store.lock!(ADA, 1000)).resolves.toBeUndefined();
      while (saves < 3) await sleep(20);
      const { now } = performance;
      jest.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + MINUTE);
      await app.settled();
      jest.mocked(performance.now).mockRestore();
      const given = saves;
      await sleep(1200);
      expect(saves).toBe(given);
      expect((await app.get('user', { user: 'ada' })).status).toBe(200); // the token is used until the store has another one
      const lock = await opened.store.lock!(ADA, 1000);
      expect(lock).toMatchObject({ interrupted: false });
      await lock?.release();
      await opened.store.save(ADA, provider.issue('ada, signed in again'));
      expect((await app.get('user', { user: 'ada' })).data).toEqual({ user: 'ada, signed in again' });
      await opened.store.remove(ADA);
      await expect(app.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'missing_token' });
    });
  });
});

describe('memory exhaustion', () => {
  function slotOf(user: string, save: TokenSlot['save']): TokenSlot {
    return {
      owner: { name: 'dev', user },
      isLocal: false,
      idOf: () => user,
      read: async () => ({ token: { accessToken: 'old', tokenType: 'bearer' }, version: 'v' }),
      save,
      remove: async () => true,
    };
  }

  it('limits the unsaved tokens in memory', async () => {
    const fresh = new FreshTokens();
    const slots = Array.from({ length: 1001 }, (_, user) =>
      slotOf(`user ${user}`, () => Promise.reject(new Error('full'))),
    );
    for (const slot of slots) {
      const saved = fresh.save(slot, { accessToken: 'new', tokenType: 'bearer' }, await fresh.read(slot));
      await expect(saved).rejects.toThrow('full');
    }
    expect((await fresh.read(slots[0]!))?.token.accessToken).toBe('old');
    expect((await fresh.read(slots[1000]!))?.token.accessToken).toBe('new');
  });

  it('a timeout beyond the longest timer does not expire at once', async () => {
    for (const seconds of [1e300, 2_147_484, 2 ** 40]) {
      const wait = inTime(sleep(50, 'in time'), seconds, () => new Error('too late'));
      await expect(wait).resolves.toBe('in time');
    }
  });
});
