import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Scope,
  UseGuards,
  type CanActivate,
  type Type,
} from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  getRemoteAppToken,
  InjectRemoteApp,
  OAuth2App,
  OAuthClientModule,
  OAuthConfigError,
  OAuthRegistry,
  type OAuth1App,
  type OAuthClientModuleOptions,
  type RemoteApp,
  type SimpleTokenStore,
} from 'nestjs-oauth-client';
import type {
  OAuthClientModuleAsyncOptions,
  OAuthClientOptionsFactory,
  OAuthRequest,
} from 'nestjs-oauth-client/protocol';
import type { StoredToken } from 'nestjs-oauth-client/stores';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';

const OAUTH2 = {
  clientId: 'dev',
  authorizeUrl: 'https://provider.test/authorize',
  accessTokenUrl: 'https://provider.test/token',
};
const CLIENTS = { dev: OAUTH2 };

type Imports = NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>;

interface Parts {
  imports: Imports;
  providers?: Parameters<typeof Test.createTestingModule>[0]['providers'];
  controllers?: Type[];
}

/** Starts an application context of these modules. */
async function start({ imports, providers = [], controllers = [] }: Parts) {
  const module = await Test.createTestingModule({ imports, providers, controllers }).compile();
  return module.init();
}

/** What start-up fails with; it must be an OAuthConfigError. */
async function startUpError(parts: Parts): Promise<OAuthConfigError> {
  const error: unknown = await start(parts).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OAuthConfigError);
  return error as OAuthConfigError;
}

describe('OAuthClientModule', () => {
  describe('forRoot', () => {
    it('gives the registry to every module', async () => {
      @Injectable()
      class Consumer {
        constructor(readonly registry: OAuthRegistry) {}
      }
      @Module({ providers: [Consumer] })
      class FeatureModule {}
      const app = await start({ imports: [FeatureModule, OAuthClientModule.forRoot({ clients: CLIENTS })] });
      expect(app.get(Consumer, { strict: false }).registry.names).toEqual(['dev']);
    });

    it('needs no options', async () => {
      expect((await start({ imports: [OAuthClientModule.forRoot()] })).get(OAuthRegistry).names).toEqual([]);
    });

    it('gives the registry only to modules that import it when it is not global', async () => {
      @Injectable()
      class Consumer {
        constructor(
          readonly registry: OAuthRegistry,
          @InjectRemoteApp('dev') readonly dev: OAuth2App,
        ) {}
      }
      const oauth = OAuthClientModule.forRoot({ clients: CLIENTS, isGlobal: false });
      @Module({ imports: [oauth], providers: [Consumer] })
      class ImportingModule {}
      @Module({ providers: [Consumer] })
      class OtherModule {}
      const app = await start({ imports: [ImportingModule] });
      expect(app.get(Consumer, { strict: false }).dev.name).toBe('dev');
      await expect(start({ imports: [ImportingModule, OtherModule] })).rejects.toThrow(/resolve dependencies/);
    });
  });

  describe('forRootAsync', () => {
    @Injectable()
    class Settings {
      readonly clients = CLIENTS;
    }
    @Module({ providers: [Settings], exports: [Settings] })
    class SettingsModule {}

    @Injectable()
    class Factory implements OAuthClientOptionsFactory {
      static made = 0;

      constructor(@Inject(Settings) readonly settings: Settings) {
        Factory.made++;
      }

      async createOAuthClientOptions(): Promise<OAuthClientModuleOptions> {
        return { clients: this.settings.clients };
      }
    }
    @Module({ imports: [SettingsModule], providers: [Factory], exports: [Factory] })
    class FactoryModule {}

    const ways: Record<string, OAuthClientModuleAsyncOptions> = {
      useFactory: {
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: ({ clients }: Settings) => ({ clients }),
      },
      'an asynchronous useFactory': {
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: async ({ clients }: Settings) => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          return { clients };
        },
      },
      'useFactory without dependencies': { useFactory: () => ({ clients: CLIENTS }) },
      'an optional dependency': {
        inject: [{ token: 'nobody', optional: true }],
        useFactory: (nobody?: object) => ({ clients: nobody ? {} : CLIENTS }),
      },
      useClass: { imports: [SettingsModule], useClass: Factory },
      useExisting: { imports: [FactoryModule], useExisting: Factory },
    };

    it.each(Object.entries(ways))('takes its options from %s', async (_, options) => {
      @Injectable()
      class Consumer {
        constructor(@InjectRemoteApp('dev') readonly dev: RemoteApp) {}
      }
      const app = await start({ imports: [OAuthClientModule.forRootAsync(options)], providers: [Consumer] });
      expect(app.get(OAuthRegistry).names).toEqual(['dev']);
      expect(app.get(Consumer).dev.name).toBe('dev');
    });

    it('makes an instance of its own for useClass, and none for useExisting', async () => {
      Factory.made = 0;
      await start({ imports: [OAuthClientModule.forRootAsync(ways.useExisting!), FactoryModule] });
      expect(Factory.made).toBe(1);
      await start({ imports: [OAuthClientModule.forRootAsync(ways.useClass!), FactoryModule] });
      expect(Factory.made).toBe(3);
    });

    it('is not global when told so', async () => {
      @Module({})
      class OtherModule {
        constructor(@Inject(OAuthRegistry) readonly registry: OAuthRegistry) {}
      }
      const oauth = OAuthClientModule.forRootAsync({ ...ways.useFactory, isGlobal: false });
      await expect(start({ imports: [oauth, OtherModule] })).rejects.toThrow(/resolve dependencies/);
    });

    it('says what is missing when it is told no way to make the options', async () => {
      await expect(start({ imports: [OAuthClientModule.forRootAsync({})] })).rejects.toThrow(
        'OAuthClientModule.forRootAsync() needs useFactory, useClass or useExisting',
      );
    });

    it('fails with what the factory fails with', async () => {
      const useFactory = async (): Promise<never> => Promise.reject(new Error('no vault'));
      await expect(start({ imports: [OAuthClientModule.forRootAsync({ useFactory })] })).rejects.toThrow('no vault');
    });

    it('has the config that arrives with it ready for whoever injects a client', async () => {
      @Injectable()
      class Consumer {
        constructor(@InjectRemoteApp('late') readonly late: OAuth2App) {}
      }
      const app = await start({
        providers: [Consumer],
        imports: [
          OAuthClientModule.forRootAsync({
            inject: [ConfigService],
            useFactory: async (config: ConfigService) => ({
              clients: { late: { ...OAUTH2, clientId: config.getOrThrow<string>('LATE_ID') } },
            }),
          }),
          ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, load: [async () => ({ LATE_ID: 'late-id' })] }),
        ],
      });
      const { url } = await app.get(Consumer).late.createAuthorizationUrl();
      expect(new URL(url).searchParams.get('client_id')).toBe('late-id');
    });
  });

  describe('forFeature', () => {
    it('adds the clients of feature modules, wherever they stand among the imports', async () => {
      @Injectable()
      class Consumer {
        constructor(@InjectRemoteApp('b') readonly b: OAuth2App) {}
      }
      @Module({ imports: [OAuthClientModule.forFeature({ a: OAUTH2 })] })
      class FeatureA {}
      @Module({ imports: [OAuthClientModule.forFeature({ b: OAUTH2, c: OAUTH2 })], providers: [Consumer] })
      class FeatureB {}
      const app = await start({ imports: [FeatureA, OAuthClientModule.forRoot({ clients: CLIENTS }), FeatureB] });
      expect(app.get(OAuthRegistry).names.sort()).toEqual(['a', 'b', 'c', 'dev']);
      expect(app.get(Consumer, { strict: false }).b.name).toBe('b');
    });

    it('adds the clients of a feature module once, however many import it', async () => {
      @Module({ imports: [OAuthClientModule.forFeature({ a: OAUTH2 })] })
      class FeatureA {}
      @Module({ imports: [FeatureA] })
      class FeatureB {}
      const app = await start({ imports: [FeatureA, FeatureB, OAuthClientModule.forRoot()] });
      expect(app.get(OAuthRegistry).names).toEqual(['a']);
    });

    it('works beside forRootAsync', async () => {
      const imports = [
        OAuthClientModule.forFeature({ a: OAUTH2 }),
        OAuthClientModule.forRootAsync({ useFactory: async () => ({ clients: CLIENTS }) }),
      ];
      expect((await start({ imports })).get(OAuthRegistry).names.sort()).toEqual(['a', 'dev']);
    });

    it('refuses a name that another feature or the root has', async () => {
      const root = OAuthClientModule.forRoot({ clients: CLIENTS });
      const clash = await startUpError({ imports: [root, OAuthClientModule.forFeature({ dev: OAUTH2 })] });
      expect(clash.faults).toEqual(['dev: registered twice']);
      const features = await startUpError({
        imports: [
          root,
          OAuthClientModule.forFeature({ a: OAUTH2 }),
          OAuthClientModule.forFeature({ a: { ...OAUTH2, clientId: 'other' } }),
        ],
      });
      expect(features.faults).toEqual(['a: registered twice']);
    });
  });

  describe('@InjectRemoteApp', () => {
    it('injects into constructors and properties, of providers and controllers', async () => {
      @Injectable()
      class Service {
        @InjectRemoteApp('dev') readonly property!: OAuth2App;
        constructor(@InjectRemoteApp('one') readonly parameter: OAuth1App) {}
      }
      @Controller()
      class AppController {
        @InjectRemoteApp('one') readonly property!: OAuth1App;
        constructor(@InjectRemoteApp('dev') readonly parameter: OAuth2App) {}
      }
      const clients = { ...CLIENTS, one: { ...OAUTH2, requestTokenUrl: 'https://provider.test/request' } };
      const app = await start({
        imports: [OAuthClientModule.forRoot({ clients })],
        providers: [Service],
        controllers: [AppController],
      });
      const registry = app.get(OAuthRegistry);
      const [service, controller] = [app.get(Service), app.get(AppController)];
      expect(service.property).toBe(registry.get('dev'));
      expect(service.parameter).toBe(registry.get('one'));
      expect(controller.property).toBe(registry.get('one'));
      expect(controller.parameter).toBe(registry.get('dev'));
    });

    it('injects into a class that inherits the property', async () => {
      abstract class Base {
        @InjectRemoteApp('dev') readonly dev!: OAuth2App;
      }
      @Injectable()
      class Derived extends Base {}
      const app = await start({ imports: [OAuthClientModule.forRoot({ clients: CLIENTS })], providers: [Derived] });
      expect(app.get(Derived).dev.name).toBe('dev');
    });

    it('has its token for the inject of a factory', async () => {
      const provider = {
        provide: 'name',
        inject: [getRemoteAppToken('dev')],
        useFactory: (dev: OAuth2App) => dev.name,
      };
      const app = await start({ imports: [OAuthClientModule.forRoot({ clients: CLIENTS })], providers: [provider] });
      expect(app.get('name')).toBe('dev');
    });

    it('provides the app of every name that getRemoteAppToken() was called with, and no other', async () => {
      getRemoteAppToken('asked-for');
      const clients = { 'asked-for': OAUTH2, 'never-asked-for': OAUTH2 };
      const app = await start({ imports: [OAuthClientModule.forRoot({ clients })] });
      expect(app.get<OAuth2App>('RemoteApp(asked-for)').name).toBe('asked-for');
      expect(() => app.get<OAuth2App>('RemoteApp(never-asked-for)')).toThrow('RemoteApp(never-asked-for)');
    });

    it('has its token for overrideProvider in tests', async () => {
      @Injectable()
      class Consumer {
        constructor(@InjectRemoteApp('dev') readonly dev: OAuth2App) {}
      }
      const fake = { get: () => 'fake' };
      const module = await Test.createTestingModule({
        imports: [OAuthClientModule.forRoot()],
        providers: [Consumer],
      })
        .overrideProvider(getRemoteAppToken('dev'))
        .useValue(fake)
        .compile();
      expect(module.get(Consumer).dev).toBe(fake);
    });

    it('gives an app of the client’s own class', async () => {
      class OwnApp extends OAuth2App {}
      @Injectable()
      class Consumer {
        constructor(@InjectRemoteApp('own') readonly own: OwnApp) {}
      }
      const clients = { own: { ...OAUTH2, appClass: OwnApp } };
      const app = await start({ imports: [OAuthClientModule.forRoot({ clients })], providers: [Consumer] });
      expect(app.get(Consumer).own).toBeInstanceOf(OwnApp);
    });
  });

  describe('a client that is injected and that nobody configured', () => {
    @Injectable()
    class TwitterService {
      constructor(@InjectRemoteApp('unheard-of') readonly twitter: OAuth1App) {}
    }

    it('fails start-up with a sentence that names the class, the client, and the clients that there are', async () => {
      const { faults } = await startUpError({
        imports: [OAuthClientModule.forRoot({ clients: CLIENTS })],
        providers: [TwitterService],
      });
      expect(faults).toEqual([
        'TwitterService injects the client "unheard-of", but no client of that name is configured. Add ' +
          'it to `clients` of OAuthClientModule, or to the settings under the config key. Configured clients: dev',
      ]);
    });

    it('names every class that injects it', async () => {
      @Controller()
      class TwitterController {
        @InjectRemoteApp('unheard-of') readonly twitter!: OAuth1App;
      }
      const { message } = await startUpError({
        imports: [OAuthClientModule.forRoot({ clients: CLIENTS })],
        providers: [TwitterService],
        controllers: [TwitterController],
      });
      expect(message).toContain('TwitterController and TwitterService inject the client "unheard-of"');
    });

    it('names a factory that injects it, by its token', async () => {
      const factory = { provide: 'FEED', inject: [getRemoteAppToken('unheard-of')], useFactory: () => 'feed' };
      const { message } = await startUpError({ imports: [OAuthClientModule.forRoot()], providers: [factory] });
      expect(message).toContain('FEED injects the client "unheard-of"');
    });

    it('names a guard that injects it', async () => {
      @Injectable()
      class TwitterGuard implements CanActivate {
        constructor(@InjectRemoteApp('unheard-of') readonly twitter: OAuth1App) {}

        canActivate(): boolean {
          return true;
        }
      }
      @Controller()
      class GuardedController {
        @Get()
        @UseGuards(TwitterGuard)
        get(): string {
          return '';
        }
      }
      const { message } = await startUpError({
        imports: [OAuthClientModule.forRoot()],
        controllers: [GuardedController],
      });
      expect(message).toContain('TwitterGuard injects the client "unheard-of"');
    });

    it('does not fail an application in whose process another application injects it', async () => {
      const app = await start({ imports: [OAuthClientModule.forRoot({ clients: CLIENTS })] });
      expect(app.get(OAuthRegistry).names).toEqual(['dev']);
      const other = await start({
        imports: [OAuthClientModule.forRoot({ clients: { 'unheard-of': OAUTH2 } })],
        providers: [TwitterService],
      });
      expect(other.get(TwitterService).twitter.name).toBe('unheard-of');
    });
  });

  it('gives each of two applications in a process its own registry', async () => {
    @Module({ imports: [OAuthClientModule.forRoot({ clients: { shared: { ...OAUTH2, clientId: 'one' } } })] })
    class One {}
    @Module({ imports: [OAuthClientModule.forRoot({ clients: { shared: { ...OAUTH2, clientId: 'two' } } })] })
    class Two {}
    const apps = await Promise.all(
      [One, Two].map((module) => NestFactory.createApplicationContext(module, { logger: false, abortOnError: false })),
    );
    const [one, two] = apps.map((app) => app.get(OAuthRegistry));
    one!.register('only-one', OAUTH2);
    expect(one!.names).toEqual(['shared', 'only-one']);
    expect(two!.names).toEqual(['shared']);
    const urls = await Promise.all([one, two].map((registry) => registry!.get('shared').createAuthorizationUrl()));
    expect(urls.map(({ url }) => new URL(url).searchParams.get('client_id'))).toEqual(['one', 'two']);
    await Promise.all(apps.map((app) => app.close()));
  });
});

describe('the token of an API call', () => {
  let provider: ScriptedProvider;

  beforeAll(async () => {
    provider = await startScriptedProvider();
    provider.on('GET /api/me', ({ headers }) => ({ json: { authorization: headers.authorization } }));
    provider.on('POST /token', () => ({
      json: { access_token: 'refreshed', token_type: 'bearer', refresh_token: 'r2' },
    }));
  });

  afterEach(() => {
    StoreClass.updates.length = 0;
  });

  afterAll(() => provider.close());

  const request: OAuthRequest = { method: 'GET' };
  const STORE = Symbol('STORE');
  const MISSING = Symbol('MISSING');

  const EXPECTED_STORE =
    'tokenStore: expected an object with a method fetchToken or fetch, a class, or an injection token';

  @Injectable()
  class StoreClass implements SimpleTokenStore {
    static readonly updates: unknown[] = [];

    fetchToken(name: string, { method }: OAuthRequest): StoredToken {
      return { accessToken: `${this.constructor.name}-${name}-${method}` };
    }

    updateToken(...update: unknown[]): void {
      StoreClass.updates.push(update);
    }
  }
  @Module({
    providers: [StoreClass, { provide: STORE, useExisting: StoreClass }, { provide: 'STORE', useExisting: StoreClass }],
    exports: [StoreClass],
  })
  class StoreModule {}

  /** An application whose client calls the scripted provider. */
  async function registryOf(options: OAuthClientModuleOptions, settings: object = {}, imports: Imports = []) {
    const clients = {
      dev: {
        ...OAUTH2,
        accessTokenUrl: `${provider.url}/token`,
        apiBaseUrl: `${provider.url}/api/`,
        allowInsecureHttp: true,
        ...settings,
      },
    };
    return (await start({ imports: [OAuthClientModule.forRoot({ clients, ...options }), ...imports] })).get(
      OAuthRegistry,
    );
  }

  /** The bearer token that the provider's API got. */
  async function tokenSent(registry: OAuthRegistry, options: object = { request }): Promise<string> {
    const { data } = await registry.get('dev').get<{ authorization: string }>('me', options);
    return data.authorization.replace('Bearer ', '');
  }

  it.each([
    ['a class that a module provides', StoreClass, 'StoreClass-dev-GET'],
    ['a symbol', STORE, 'StoreClass-dev-GET'],
    ['a string', 'STORE', 'StoreClass-dev-GET'],
    ['an object', { fetchToken: () => ({ access_token: 'object' }) }, 'object'],
    ['an object with promises', { fetchToken: async () => ({ access_token: 'promised' }) }, 'promised'],
  ])('comes from a tokenStore that is %s', async (_, tokenStore, expected) => {
    const registry = await registryOf({ tokenStore }, {}, [StoreModule]);
    expect(await tokenSent(registry)).toBe(expected);
  });

  it('comes from a tokenStore that is a class nobody provides, with what it injects', async () => {
    @Injectable()
    class OwnStore implements SimpleTokenStore {
      constructor(private readonly registry: OAuthRegistry) {}

      fetchToken(): StoredToken {
        return { accessToken: `own-${this.registry.names.join()}` };
      }
    }
    expect(await tokenSent(await registryOf({ tokenStore: OwnStore }))).toBe('own-dev');
  });

  it('comes from the very instance that the module provides', async () => {
    const app = await start({
      imports: [
        StoreModule,
        OAuthClientModule.forRoot({
          tokenStore: StoreClass,
          clients: { dev: { ...OAUTH2, apiBaseUrl: `${provider.url}/api/`, allowInsecureHttp: true } },
        }),
      ],
    });
    app.get(StoreClass, { strict: false }).fetchToken = () => ({ accessToken: 'replaced' });
    expect(await tokenSent(app.get(OAuthRegistry))).toBe('replaced');
  });

  it('comes from `token`, else from the client, else from the module’s fetchToken, else from its tokenStore', async () => {
    const ofModule = { fetchToken: (name: string) => ({ accessToken: `module-${name}` }) };
    const ofClient = { fetchToken: ({ method }: OAuthRequest) => ({ accessToken: `client-${method}` }) };
    const store = { tokenStore: StoreClass };
    expect(await tokenSent(await registryOf(store, {}, [StoreModule]))).toBe('StoreClass-dev-GET');
    expect(await tokenSent(await registryOf({ ...store, ...ofModule }, {}, [StoreModule]))).toBe('module-dev');
    const registry = await registryOf({ ...store, ...ofModule }, ofClient, [StoreModule]);
    expect(await tokenSent(registry)).toBe('client-GET');
    expect(await tokenSent(registry, { request, token: { access_token: 'given' } })).toBe('given');
  });

  it('is told to the client’s updateToken, else to the module’s, else to the tokenStore, when it is refreshed', async () => {
    const expired = { access_token: 'old', refresh_token: 'r1', expires_at: 1 };
    const bound = { issuer: `${provider.url}/token`, clientId: 'dev' };
    const refreshed = { accessToken: 'refreshed', tokenType: 'bearer', refreshToken: 'r2', ...bound };
    const context = { accessToken: 'old', refreshToken: 'r1', request };
    const told: unknown[] = [];
    const ofModule = { updateToken: (...update: unknown[]) => told.push(['module', ...update]) };
    const ofClient = { updateToken: (...update: unknown[]) => told.push(['client', ...update]) };
    const store = { tokenStore: StoreClass };
    for (const [options, settings] of [
      [{ ...store, ...ofModule }, ofClient],
      [{ ...store, ...ofModule }, {}],
      [store, {}],
    ]) {
      const registry = await registryOf(options!, settings, [StoreModule]);
      expect(await tokenSent(registry, { request, token: expired })).toBe('refreshed');
    }
    expect(told).toEqual([
      ['client', refreshed, context],
      ['module', 'dev', refreshed, context],
    ]);
    expect(StoreClass.updates).toEqual([['dev', refreshed, context]]);
  });

  it('may be refreshed where nobody keeps it', async () => {
    const registry = await registryOf({ tokenStore: { fetchToken: () => undefined } });
    const token = { access_token: 'old', refresh_token: 'r1', expires_at: 1 };
    expect(await tokenSent(registry, { token })).toBe('refreshed');
  });

  it.each([
    ['a symbol that no module provides', MISSING, 'tokenStore: no module provides Symbol(MISSING)'],
    ['a string that no module provides', 'MISSING', 'tokenStore: no module provides MISSING'],
    ['a class without fetchToken', Map, 'tokenStore: Map has no method fetchToken or fetch'],
    ['an object without fetchToken', {}, EXPECTED_STORE],
    [
      'a shared store that cannot remove',
      { fetch: () => undefined, save: () => undefined },
      'tokenStore: expected an object with a method remove, a class, or an injection token',
    ],
    ['null', null, EXPECTED_STORE],
    ['a number', 5, EXPECTED_STORE],
  ])('cannot come from %s, which start-up says', async (_, tokenStore, fault) => {
    const { faults } = await startUpError({
      imports: [OAuthClientModule.forRoot({ tokenStore: tokenStore as never, clients: CLIENTS })],
    });
    expect(faults).toEqual([fault]);
  });

  it('cannot come from a request-scoped class, which start-up says', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class ScopedStore extends StoreClass {}
    const { faults } = await startUpError({
      imports: [OAuthClientModule.forRoot({ tokenStore: ScopedStore, clients: CLIENTS })],
      providers: [ScopedStore],
    });
    expect(faults).toEqual([
      'tokenStore: ScopedStore must be a singleton, without request-scoped dependencies; its methods are given the request',
    ]);
  });
});
