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
  type Pending,
  type PendingKey,
  type StateStore,
} from 'nestjs-oauth-client';

const KEY = Buffer.alloc(32, 1).toString('base64');
const STORE = Symbol('STORE');
const dev = { clientId: 'id', authorizeUrl: 'https://provider.test/a', accessTokenUrl: 'https://provider.test/t' };

/** A store of the application's own. */
@Injectable()
class OwnStore implements StateStore {
  static readonly calls: unknown[] = [];

  async save(_request: object, key: PendingKey, pending: Pending): Promise<void> {
    OwnStore.calls.push(['save', key, pending]);
  }

  async take(_request: object, key: PendingKey): Promise<Pending> {
    OwnStore.calls.push(['take', key]);
    return { provider: key.provider };
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedStore extends OwnStore {}

@Module({ providers: [OwnStore, ScopedStore, { provide: STORE, useExisting: OwnStore }] })
class StoreModule {}

describe('where a login waits', () => {
  let module: TestingModule | undefined;

  afterEach(async () => {
    await module?.close();
    module = undefined;
    OwnStore.calls.length = 0;
  });

  async function start(options: OAuthClientModuleOptions): Promise<OAuth2App> {
    const client = OAuthClientModule.forRoot({ clients: { dev }, baseUrl: 'https://site.test', ...options });
    module = await Test.createTestingModule({ imports: [StoreModule, client] }).compile();
    await module.init();
    return module.get(OAuthRegistry).get<OAuth2App>('dev');
  }

  it.each([
    ['an object', new OwnStore()],
    ['a class that a module provides', OwnStore],
    ['a class that nobody provides', class extends OwnStore {}],
    ['a symbol', STORE],
  ])('may be a store that is %s', async (_, state) => {
    const app = await start({ state });
    await app.saveAuthorizeData({}, { state: 's', codeVerifier: 'v' });
    const key = { kind: 'login', provider: 'dev', state: 's', https: true };
    expect(OwnStore.calls).toEqual([['save', key, { provider: 'dev', codeVerifier: 'v' }]]);
    await expect(app.completeLogin({ method: 'GET', query: { state: 's' } })).rejects.toThrow('code');
    expect(OwnStore.calls.at(-1)).toEqual(['take', key]);
  });

  it('is the session, unless told', async () => {
    const app = await start({});
    await expect(app.authorizeRedirect({}, '/callback')).rejects.toMatchObject({ error: 'missing_session' });
  });

  it('says that the store failed, without the message of the store', async () => {
    class FailingStore extends OwnStore {
      override take(): Promise<Pending> {
        return Promise.reject(new TypeError('s3cret in a connection string'));
      }
    }
    const app = await start({ state: new FailingStore() });
    const refused = app.completeLogin({ method: 'GET', query: { error: 'access_denied', state: 's' } });
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
    ['a number', { state: 1 as never }, 'state: expected an object with a method take, a class, or an injection token'],
    ['a store of each request', { state: ScopedStore }, /^state: ScopedStore must be a singleton/],
  ])('cannot be %s, which start-up says', async (_, options, fault) => {
    const error: unknown = await start(options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OAuthConfigError);
    expect((error as OAuthConfigError).faults).toEqual([
      typeof fault === 'string' ? fault : expect.stringMatching(fault),
    ]);
  });
});
