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

/** Starts an application context with a module. */
async function start({ imports, providers = [], controllers = [] }: Parts) {
  const module = await Test.createTestingModule({ imports, providers, controllers }).compile();
  return module.init();
}

/** Returns the error of start-up, which must be an OAuthConfigError. */
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
    it('provides the registry to every module', async () => {
      @Injectable()
      class Consumer {
        constructor(readonly registry: OAuthRegistry) {}
      }
      @Module({ providers: [Consumer] })
      class FeatureModule {}
      const app = await start({ imports: [FeatureModule, OAuthClientModule.forRoot({ clients: CLIENTS })] });
      expect(app.get(Consumer, { strict: false }).registry.names).toEqual(['dev']);
    });

    it('does not require options', async () => {
      expect((await start({ imports: [OAuthClientModule.forRoot()] })).get(OAuthRegistry).names).toEqual([]);
    });

    it('provides the registry only to modules that import it if isGlobal is false', async () => {
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

    it('creates an instance for useClass, but not for useExisting', async () => {
      Factory.made = 0;
      await start({ imports: [OAuthClientModule.forRootAsync(ways.useExisting!), FactoryModule] });
      expect(Factory.made).toBe(1);
      await start({ imports: [OAuthClientModule.forRootAsync(ways.useClass!), FactoryModule] });
      expect(Factory.made).toBe(3);
    });

    it('is not global if isGlobal is false', async () => {
      @Module({})
      class OtherModule {
        constructor(@Inject(OAuthRegistry) readonly registry: OAuthRegistry) {}
      }
      const oauth = OAuthClientModule.forRootAsync({ ...ways.useFactory, isGlobal: false });
      await expect(start({ imports: [oauth, OtherModule] })).rejects.toThrow(/resolve dependencies/);
    });

    it('throws without useFactory, useClass or useExisting', async () => {
      await expect(start({ imports: [OAuthClientModule.forRootAsync({})] })).rejects.toThrow(
        'OAuthClientModule.forRootAsync() needs useFactory, useClass or useExisting',
      );
    });

    it('fails with the error of the factory', async () => {
      const useFactory = async (): Promise<never> => Promise.reject(new Error('no vault'));
      await expect(start({ imports: [OAuthClientModule.forRootAsync({ useFactory })] })).rejects.toThrow('no vault');
    });

    it('reads its options before a client is injected', async () => {
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
    it('adds the clients of feature modules regardless of the order of imports', async () => {
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

    it('adds the clients of a feature module once if several modules import it', async () => {
      @Module({ imports: [OAuthClientModule.forFeature({ a: OAUTH2 })] })
      class FeatureA {}
      @Module({ imports: [FeatureA] })
      class FeatureB {}
      const app = await start({ imports: [FeatureA, FeatureB, OAuthClientModule.forRoot()] });
      expect(app.get(OAuthRegistry).names).toEqual(['a']);
    });

    it('works with forRootAsync', async () => {
      const imports = [
        OAuthClientModule.forFeature({ a: OAUTH2 }),
        OAuthClientModule.forRootAsync({ useFactory: async () => ({ clients: CLIENTS }) }),
      ];
      expect((await start({ imports })).get(OAuthRegistry).names.sort()).toEqual(['a', 'dev']);
    });

    it('refuses a client name of another feature or of the root', async () => {
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
    it('injects into constructors and properties of providers and controllers', async () => {
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

    it('provides its token for the inject of a factory', async () => {
      const provider = {
        provide: 'name',
        inject: [getRemoteAppToken('dev')],
        useFactory: (dev: OAuth2App) => dev.name,
      };
      const app = await start({ imports: [OAuthClientModule.forRoot({ clients: CLIENTS })], providers: [provider] });
      expect(app.get('name')).toBe('dev');
    });

    it('provides only apps whose names were passed to getRemoteAppToken()', async () => {
      getRemoteAppToken('asked-for');
      const clients = { 'asked-for': OAUTH2, 'never-asked-for': OAUTH2 };
      const app = await start({ imports: [OAuthClientModule.forRoot({ clients })] });
      expect(app.get<OAuth2App>('RemoteApp(asked-for)').name).toBe('asked-for');
      expect(() => app.get<OAuth2App>('RemoteApp(never-asked-for)')).toThrow('RemoteApp(never-asked-for)');
    });

    it('provides its token for overrideProvider in tests', async () => {
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

    it('injects an instance of the client’s custom class', async () => {
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

  describe('an injected client that is not configured', () => {
    @Injectable()
    class TwitterService {
      constructor(@InjectRemoteApp('unheard-of') readonly twitter: OAuth1App) {}
    }

    it('fails start-up with an error that names the class, the client, and the configured clients', async () => {
      const { faults } = await startUpError({
        imports: [OAuthClientModule.forRoot({ clients: CLIENTS })],
        providers: [TwitterService],
      });
      expect(faults).toEqual([
        'TwitterService injects the client "unheard-of", but no client of that name is configured. Add ' +
          'it to `clients` of OAuthClientModule, or to the settings under the config key. Configured clients: dev',
      ]);
    });

    it('fails start-up with an error that names every class that injects it', async () => {
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

    it('fails start-up with an error that names the token of a factory that injects it', async () => {
      const factory = { provide: 'FEED', inject: [getRemoteAppToken('unheard-of')], useFactory: () => 'feed' };
      const { message } = await startUpError({ imports: [OAuthClientModule.forRoot()], providers: [factory] });
      expect(message).toContain('FEED injects the client "unheard-of"');
    });

    it('fails start-up with an error that names a guard that injects it', async () => {
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

    it('does not fail another application in the process', async () => {
      const app = await start({ imports: [OAuthClientModule.forRoot({ clients: CLIENTS })] });
      expect(app.get(OAuthRegistry).names).toEqual(['dev']);
      const other = await start({
        imports: [OAuthClientModule.forRoot({ clients: { 'unheard-of': OAUTH2 } })],
        providers: [TwitterService],
      });
      expect(other.get(TwitterService).twitter.name).toBe('unheard-of');
    });
  });

  it('the module provides a separate registry to each application in a process', async () => {
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

  /** Starts an application whose client calls the scripted provider, and returns its registry. */
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

  /** Calls the API, and returns the bearer token that it received. */
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

  it('comes from a tokenStore class that no module provides, with injected dependencies', async () => {
    @Injectable()
    class OwnStore implements SimpleTokenStore {
      constructor(private readonly registry: OAuthRegistry) {}

      fetchToken(): StoredToken {
        return { accessToken: `own-${this.registry.names.join()}` };
      }
    }
    expect(await tokenSent(await registryOf({ tokenStore: OwnStore }))).toBe('own-dev');
  });

  it('comes from the instance that the module provides', async () => {
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

  it('comes from `token`, or else the client’s fetchToken, the module’s fetchToken, or the tokenStore', async () => {
    const ofModule = { fetchToken: (name: string) => ({ accessToken: `module-${name}` }) };
    const ofClient = { fetchToken: ({ method }: OAuthRequest) => ({ accessToken: `client-${method}` }) };
    const store = { tokenStore: StoreClass };
    expect(await tokenSent(await registryOf(store, {}, [StoreModule]))).toBe('StoreClass-dev-GET');
    expect(await tokenSent(await registryOf({ ...store, ...ofModule }, {}, [StoreModule]))).toBe('module-dev');
    const registry = await registryOf({ ...store, ...ofModule }, ofClient, [StoreModule]);
    expect(await tokenSent(registry)).toBe('client-GET');
    expect(await tokenSent(registry, { request, token: { access_token: 'given' } })).toBe('given');
  });

  it('is passed to the client’s updateToken, or else the module’s, or the tokenStore, after a refresh', async () => {
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

  it('is refreshed even if it is not saved', async () => {
    const registry = await registryOf({ tokenStore: { fetchToken: () => undefined } });
    const token = { access_token: 'old', refresh_token: 'r1', expires_at: 1 };
    expect(await tokenSent(registry, { token })).toBe('refreshed');
  });

  it.each([
    ['a symbol that no module provides', MISSING, 'tokenStore: no module provides Symbol(MISSING)'],
    ['a string that no module provides', 'MISSING', 'tokenStore: no module provides MISSING'],
    ['a class without fetchToken', Map, 'tokenStore: Map has no method fetchToken or fetch'],
    ['an object without fetchToken', {}, EXPECTED_STORE],
    ['null', null, EXPECTED_STORE],
    ['a number', 5, EXPECTED_STORE],
  ])('cannot come from %s, which fails start-up', async (_, tokenStore, fault) => {
    const { faults } = await startUpError({
      imports: [OAuthClientModule.forRoot({ tokenStore: tokenStore as never, clients: CLIENTS })],
    });
    expect(faults).toEqual([fault]);
  });

  it('cannot come from a request-scoped class, which fails start-up', async () => {
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
