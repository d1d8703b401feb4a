import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, Scope } from '@nestjs/common';
import { inspect } from 'node:util';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  OAuth2App,
  OAuthClientModule,
  OAuthConfigError,
  OAuthRegistry,
  type OAuthClientModuleOptions,
  type OAuthError,
} from 'nestjs-oauth-client';
import type { LoginStorage } from 'nestjs-oauth-client/stores';
import { bareResponse } from '../support/bare-response.js';

const KEY = Buffer.alloc(32, 1).toString('base64');
const STORE = Symbol('STORE');
const dev = { clientId: 'id', authorizeUrl: 'https://provider.test/a', accessTokenUrl: 'https://provider.test/t' };

/** A custom storage of the application. */
@Injectable()
class OwnStorage implements LoginStorage {
  static readonly calls: unknown[] = [];
  readonly #values = new Map<string, string>();

  async set(id: string, value: string, ttlSeconds: number): Promise<void> {
    OwnStorage.calls.push(['set', id, ttlSeconds]);
    this.#values.set(id, value);
  }

  async take(id: string): Promise<string | undefined> {
    OwnStorage.calls.push(['take', id]);
    return this.#values.get(id);
  }

  async has(id: string): Promise<boolean> {
    return this.#values.has(id);
  }
}

class WithoutHas implements Omit<LoginStorage, 'has'> {
  set = async (): Promise<void> => undefined;
  take = async (): Promise<undefined> => undefined;
}

@Injectable({ scope: Scope.REQUEST })
class ScopedStore extends OwnStorage {}

@Module({ providers: [OwnStorage, ScopedStore, { provide: STORE, useExisting: OwnStorage }] })
class StoreModule {}

describe('the state option', () => {
  let module: TestingModule | undefined;

  afterEach(async () => {
    await module?.close();
    module = undefined;
    OwnStorage.calls.length = 0;
  });

  async function start(options: OAuthClientModuleOptions): Promise<OAuth2App> {
    const client = OAuthClientModule.forRoot({ clients: { dev }, baseUrl: 'https://site.test', ...options });
    module = await Test.createTestingModule({ imports: [StoreModule, client] }).compile();
    await module.init();
    return module.get(OAuthRegistry).get<OAuth2App>('dev');
  }

  it.each([
    ['an object', new OwnStorage()],
    ['a class that a module provides', OwnStorage],
    ['a class that nobody provides', class extends OwnStorage {}],
    ['a symbol', STORE],
  ])('accepts a storage that is %s', async (_, state) => {
    const app = await start({ state });
    const cookies: string[] = [];
    const response = { headersSent: false, appendHeader: (_name: string, value: string) => cookies.push(value) };
    await app.saveAuthorizeData({}, response, { state: 's', codeVerifier: 'v' });
    expect(OwnStorage.calls).toEqual([['set', expect.stringMatching(/^pending:[\w-]{43}$/), 600]]);
    const [, id] = OwnStorage.calls[0] as string[];
    const [cookie] = cookies.map((header) => header.split(';')[0]);
    const callback = { method: 'GET', query: { state: 's' }, headers: { cookie } };
    await expect(app.completeLogin(callback, response)).rejects.toThrow('code');
    expect(OwnStorage.calls.slice(1)).toEqual([
      ['take', id],
      ['set', expect.stringMatching(/^used:[\w-]{43}$/), 600],
    ]);
  });

  it('refuses a callback a second time in a process even if the storage returns the login twice', async () => {
    const app = await start({ state: new OwnStorage() });
    const cookies: string[] = [];
    const response = { headersSent: false, appendHeader: (_name: string, value: string) => cookies.push(value) };
    await app.saveAuthorizeData({}, response, { state: 's', codeVerifier: 'v' });
    const callback = { method: 'GET', query: { state: 's' }, headers: { cookie: cookies[0]?.split(';')[0] } };
    const refusals = [app.completeLogin(callback, response), app.completeLogin(callback, response)].map((refused) =>
      refused.catch((error: unknown) => (error as OAuthError).error),
    );
    expect((await Promise.all(refusals)).sort()).toEqual(['invalid_request', 'mismatching_state']);
  });

  it('is the session by default', async () => {
    const app = await start({});
    await expect(app.authorizeRedirect({}, bareResponse(), '/callback')).rejects.toMatchObject({
      error: 'missing_session',
    });
  });

  it('throws an error if the storage fails, without the message of the storage', async () => {
    class FailingStorage extends OwnStorage {
      override has(): Promise<boolean> {
        return Promise.reject(new TypeError('s3cret in a connection string'));
      }
    }
    const app = await start({ state: new FailingStorage() });
    const callback = { method: 'GET', query: { error: 'access_denied', state: 's' } };
    const refused = app.completeLogin(callback, bareResponse());
    await expect(refused).rejects.toMatchObject({ error: 'state_store_error', status: 500 });
    expect(inspect(await refused.catch((error: unknown) => error))).not.toContain('s3cret');
  });

  it.each<[string, OAuthClientModuleOptions, string | RegExp]>([
    ['a cookie without keys', { state: 'cookie' }, /^encryptionKeys: missing; .*`openssl rand -base64 32`/],
    ['a cookie with a key that is short', { state: 'cookie', encryptionKeys: 'c2hvcnQ=' }, /^encryptionKeys\[0\]: /],
    ['a cookie with no key at all', { state: 'cookie', encryptionKeys: [] }, /^encryptionKeys: there is none/],
    ['a session with a key that is none', { encryptionKeys: [KEY, '?'] }, /^encryptionKeys\[1\]: /],
    ['a misspelt kind', { state: 'cokie' as never }, 'state: no module provides cokie'],
    ['a symbol that no module provides', { state: Symbol('NONE') }, 'state: no module provides Symbol(NONE)'],
    ['a class that is no store', { state: Map }, 'state: Map has no method take'],
    [
      'a storage without set',
      { state: { take: async () => undefined } as never },
      /^state: expected an object with a method set, /,
    ],
    ['a class without has', { state: WithoutHas }, 'state: WithoutHas has no method has'],
    ['a number', { state: 1 as never }, 'state: expected an object with a method take, a class, or an injection token'],
    ['a store of each request', { state: ScopedStore }, /^state: ScopedStore must be a singleton/],
  ])('cannot be %s, which fails start-up', async (_, options, fault) => {
    const error: unknown = await start(options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OAuthConfigError);
    expect((error as OAuthConfigError).faults).toEqual([
      typeof fault === 'string' ? fault : expect.stringMatching(fault),
    ]);
  });
});
