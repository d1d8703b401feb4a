import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { isRecord } from './config/is-record.js';
import { SettingsSources } from './config/settings-sources.js';
import { OAuthConfigError } from './errors/oauth.errors.js';
import { CallbackPaths } from './routes/callback-paths.js';
import { findConfigService } from './module/config-service.js';
import { asyncOptionFaults, optionFaults, siteOptions } from './module/module-options.js';
import { ModuleStateStore } from './module/module-state-store.js';
import { ConfiguredTokens } from './module/configured-tokens.js';
import { OAuthHealthIndicator } from './health/oauth.health.js';
import { loadAxios } from './http/http-client.js';
import { RedirectSender } from './routes/redirect-sender.js';
import { remoteAppProviders } from './module/remote-app.providers.js';
import { RouteCheck } from './routes/route-check.js';
import {
  OAuthClientOptions,
  OAuthFeatureClients,
  type OAuthClientModuleAsyncOptions,
  type OAuthClientModuleOptions,
  type OAuthClientOptionsFactory,
} from './oauth-client.options.js';
import { OAuthRegistry } from './oauth.registry.js';
import type { ClientRegistration } from './registry/client-registration.js';

/** The OAuth client of an application. */
@Module({})
export class OAuthClientModule {
  /** Configures the module with static options. Without options, the module reads all clients from the settings. */
  static forRoot({ isGlobal, ...options }: OAuthClientModuleOptions & { isGlobal?: boolean } = {}): DynamicModule {
    return this.forRootAsync({ isGlobal, useFactory: () => options });
  }

  /**
   * Configures the module with options that Nest creates.
   * @throws {OAuthConfigError} when an option does not exist
   */
  static forRootAsync(options: OAuthClientModuleAsyncOptions): DynamicModule {
    const faults = asyncOptionFaults(options);
    if (faults.length > 0) throw new OAuthConfigError(faults);
    return {
      module: OAuthClientModule,
      global: options.isGlobal ?? true,
      imports: options.imports,
      // A getter, because Nest reads it after all files are loaded, when every `@InjectRemoteApp()` is known.
      get providers(): Provider[] {
        return [
          ...optionsProviders(options),
          ConfiguredTokens,
          ModuleStateStore,
          sourcesProvider,
          registryProvider,
          OAuthHealthIndicator,
          RedirectSender,
          CallbackPaths,
          RouteCheck,
          ...remoteAppProviders(),
        ];
      },
      get exports() {
        return [OAuthRegistry, OAuthHealthIndicator, ...remoteAppProviders().map(({ provide }) => provide)];
      },
    };
  }

  /**
   * Adds the clients of a feature module to the registry of `forRoot()`.
   * @throws {OAuthConfigError} when `clients` is not an object
   */
  static forFeature(clients: Record<string, ClientRegistration>): DynamicModule {
    if (!isRecord(clients))
      throw new OAuthConfigError(['OAuthClientModule.forFeature(): expected an object of clients by name']);
    return {
      module: OAuthClientModule,
      providers: [{ provide: OAuthFeatureClients, useValue: new OAuthFeatureClients(clients) }, lateFeatureProvider],
    };
  }

  /** @internal */
  async onModuleInit(): Promise<void> {
    await loadAxios();
  }
}

function optionsProviders({
  useFactory,
  inject = [],
  useClass,
  useExisting,
}: OAuthClientModuleAsyncOptions): Provider[] {
  if (useFactory) {
    const make = useFactory as (
      ...dependencies: unknown[]
    ) => OAuthClientModuleOptions | Promise<OAuthClientModuleOptions>;
    return [
      {
        provide: OAuthClientOptions,
        inject,
        useFactory: async (...dependencies: unknown[]) => new OAuthClientOptions(await make(...dependencies)),
      },
    ];
  }
  const factory = useExisting ?? useClass;
  if (!factory) throw new TypeError('OAuthClientModule.forRootAsync() needs useFactory, useClass or useExisting');
  return [
    ...(useClass ? [useClass] : []),
    {
      provide: OAuthClientOptions,
      inject: [factory],
      useFactory: async (maker: OAuthClientOptionsFactory) =>
        new OAuthClientOptions(await maker.createOAuthClientOptions()),
    },
  ];
}

/** Registers the clients of a feature module that `LazyModuleLoader` loads after the registry was created. */
const lateFeatureProvider: Provider = {
  provide: 'nestjs-oauth-client:late-feature',
  inject: [OAuthFeatureClients, ModulesContainer],
  useFactory: (feature: OAuthFeatureClients, modules: ModulesContainer): void => {
    for (const { providers } of modules.values()) {
      const registry = providers.get(OAuthRegistry)?.instance;
      if (registry instanceof OAuthRegistry) registerFeatures(registry, [feature]);
    }
  },
};

/** The features that a registry already contains. Nest may create the registry before or after the module of a feature. */
const registered = new WeakMap<OAuthRegistry, Set<OAuthFeatureClients>>();

function registerFeatures(
  registry: OAuthRegistry,
  features: readonly OAuthFeatureClients[],
  clients: Record<string, ClientRegistration> = {},
): void {
  const known = registered.get(registry) ?? new Set();
  const fresh = features.filter((feature) => !known.has(feature));
  registered.set(registry, new Set([...known, ...fresh]));
  registry.registerAll([clients, ...fresh.map(({ value }) => value)]);
}

const sourcesProvider: Provider = {
  provide: SettingsSources,
  inject: [OAuthClientOptions, ModuleRef],
  useFactory: async ({ value }: OAuthClientOptions, moduleRef: ModuleRef): Promise<SettingsSources> => {
    const faults = optionFaults(value);
    if (faults.length > 0) throw new OAuthConfigError(faults);
    const { configKey = 'AUTHLIB_OAUTH_CLIENTS' } = value;
    return new SettingsSources(await findConfigService(moduleRef), configKey);
  },
};

const registryProvider: Provider = {
  provide: OAuthRegistry,
  inject: [OAuthClientOptions, SettingsSources, ConfiguredTokens, ModuleStateStore, CallbackPaths, ModulesContainer],
  useFactory: (
    options: OAuthClientOptions,
    sources: SettingsSources,
    tokens: ConfiguredTokens,
    stateStore: ModuleStateStore,
    ownPaths: CallbackPaths,
    modules: ModulesContainer,
  ): OAuthRegistry => {
    const features = [...modules.values()].flatMap(({ providers }) => providers.get(OAuthFeatureClients) ?? []);
    const registry = new OAuthRegistry(sources, {
      ...siteOptions(options.value),
      ownPaths,
      tokens,
      stateStore,
    });
    registerFeatures(
      registry,
      features.map(({ instance }) => instance as OAuthFeatureClients),
      options.value.clients,
    );
    return registry;
  },
};
