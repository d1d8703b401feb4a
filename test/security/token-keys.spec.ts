import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OAuthError, type OAuth2Token, type RemoteApp } from 'nestjs-oauth-client';
import type { OAuthRequest } from 'nestjs-oauth-client/protocol';
import { tokenKey, type TokenKey } from 'nestjs-oauth-client/stores';
import { registryWith } from '../config/registry-with.js';
import { clientOf } from '../providers/client-of.js';
import { startRotatingProvider, type RotatingProvider } from '../providers/rotating-provider.js';
import { TOKEN_STORES, type OpenStore } from '../support/stores.js';

const TOKEN: OAuth2Token = { accessToken: 'a', tokenType: 'bearer' };
/** Values that a faulty `userOf` or login callback may return in place of a user id. */
const NOT_USERS: [what: string, user: unknown][] = [
  ['an object', { id: 7 }],
  ['an object with a custom toString', { toString: () => 'ada' }],
  ['a String object', new String('ada')],
  ['an array', ['ada']],
  ['true', true],
  ['false', false],
  ['NaN', NaN],
  ['a fraction', 0.5],
  ['an unsafe integer', 2 ** 53],
  ['a bigint', 7n],
  ['a symbol', Symbol('ada')],
  ['a function', () => 'ada'],
  ['a string with U+0000', 'ada\0'],
  ['a string with a lone surrogate', 'ada\ud800'],
  ['a string of 1,001 bytes', 'x'.repeat(1001)],
];
const REFUSED = { error: 'invalid_token_key', status: 500 };

describe.each(TOKEN_STORES)('token keys in %s', (_name, run, open) => {
  run('with this store', () => {
    let opened: OpenStore;
    let provider: RotatingProvider;

    beforeAll(async () => {
      opened = await open();
    });

    beforeEach(async () => {
      provider = await startRotatingProvider();
    });

    afterEach(() => provider.close());
    afterAll(() => opened.close());

    async function start(userOf?: (request: OAuthRequest) => never): Promise<RemoteApp> {
      const dev = clientOf(provider);
      const registry = await registryWith({ options: { tokenStore: opened.store, userOf, clients: { dev } } });
      return registry.get('dev');
    }

    it.each(NOT_USERS)('refuses a user id that is %s as a token key', async (_what, user) => {
      const { store } = opened;
      const key = { name: 'dev', user } as TokenKey;
      await expect(store.save(key, TOKEN)).rejects.toMatchObject(REFUSED);
      await expect(store.save(key, TOKEN, null)).rejects.toMatchObject(REFUSED);
      await expect(store.fetch(key)).rejects.toMatchObject(REFUSED);
      await expect(store.remove(key)).rejects.toMatchObject(REFUSED);
      await expect(store.lock!(key, 1000)).rejects.toMatchObject(REFUSED);
    });

    it.each(NOT_USERS)('an API call for a user id that is %s sends no token', async (_what, user) => {
      for (const shared of ['[object Object]', 'ada', 'true', 'NaN', '7']) {
        await opened.store.save({ name: 'dev', user: shared }, provider.issue('victim'));
      }
      const dev = await start(() => user as never);
      await expect(dev.get('user', { user: user as string })).rejects.toMatchObject(REFUSED);
      await expect(dev.get('user', { request: {} })).rejects.toMatchObject(REFUSED);
      expect(provider.calls).toEqual({});
    });

    it('converts a user id that is a safe integer to a decimal string', async () => {
      const { store } = opened;
      for (const [user, name] of [
        [7, '7'],
        [0, '0'],
        [-0, '0'],
        [-5, '-5'],
        [Number.MAX_SAFE_INTEGER, '9007199254740991'],
      ] as const) {
        await store.save({ name: 'dev', user: user as unknown as string }, provider.issue(name));
        expect(await store.fetch({ name: 'dev', user: name })).toBeDefined();
        const byId = await start();
        const byRequest = await start(() => user as never);
        expect((await byId.get('user', { user })).data).toEqual({ user: name });
        expect((await byRequest.get('user', { request: {} })).data).toEqual({ user: name });
      }
    });

    it('an empty user id does not get the client’s own token', async () => {
      const { store } = opened;
      await store.save({ name: 'dev#own', user: '' }, TOKEN);
      expect((await store.fetch({ name: 'dev#own', user: '' }))?.token).toMatchObject(TOKEN);
      await expect(store.fetch({ name: 'dev', user: '' })).rejects.toMatchObject(REFUSED);
    });

    it.each([undefined, null, '', 7, {}, ['dev'], new String('dev'), 'dev\0', 'x'.repeat(1001)])(
      'refuses %p as the client name of a token key',
      async (name) => {
        await expect(opened.store.save({ name, user: 'ada' } as TokenKey, TOKEN)).rejects.toMatchObject(REFUSED);
      },
    );
  });
});

describe('the error for an invalid token key', () => {
  it('says what was expected and what to do, and never shows the value', () => {
    for (const [, user] of NOT_USERS) {
      let error: unknown;
      try {
        tokenKey('dev', user);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(OAuthError);
      expect((error as OAuthError).message).toMatch(
        /^invalid_token_key: the user of a token's key is .+; expected .+\. Pass your/,
      );
      expect((error as OAuthError).message).not.toContain('ada');
    }
  });
});
