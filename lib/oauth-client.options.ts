import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { CreateAxiosDefaults } from 'axios';
import type { PresetName } from './config/preset-name.js';
import type { ClientRegistration } from './registry/client-registration.js';
import type { OAuthRequest } from './common/oauth-request.js';
import type { LoginStorage } from './state/login-storage.js';
import type { SimpleTokenStore, TokenEvents, TokenStore } from './token/token-store.js';

/** Options of `OAuthClientModule`. Without options, the module reads all clients from the settings. */
export interface OAuthClientModuleOptions extends TokenEvents {
  /** Clients by name. Settings that are missing here are read from `ConfigService`. */
  clients?: Record<string, ClientRegistration> & Partial<Record<PresetName, ClientRegistration>>;
  /**
   * The key of the clients in `ConfigService`. Its value is an object of clients by name, or a JSON string of such an object.
   * @default 'AUTHLIB_OAUTH_CLIENTS'
   */
  configKey?: string;
  /** Returns the token of the user for whom an API call is made. */
  fetchToken?: SimpleTokenStore['fetchToken'];
  /** Receives every refreshed token. */
  updateToken?: SimpleTokenStore['updateToken'];
  /**
   * Keeps the users' tokens: a {@link TokenStore}, an object with the methods `fetchToken` and `updateToken`, or a class or
   * injection token of either, which Nest resolves.
   */
  tokenStore?: TokenStore | SimpleTokenStore | InjectionToken<TokenStore | SimpleTokenStore>;
  /**
   * Returns the id of the user who sent a request: a non-empty string or a safe integer. A {@link TokenStore} finds the user's
   * token by this id. Returns undefined or null when no user is signed in.
   */
  userOf?(request: OAuthRequest): string | number | null | undefined | Promise<string | number | null | undefined>;
  /**
   * Where a login is kept until its callback: in the session; in an encrypted cookie per login, which needs neither a session
   * nor a shared store; or in a {@link LoginStorage}, such as `RedisStateStore`, or a class or symbol of one, which Nest resolves.
   * @default 'session'
   */
  state?: 'session' | 'cookie' | LoginStorage | Exclude<InjectionToken<LoginStorage>, string>;
  /**
   * Keys that encrypt the pending logins which the browser keeps: 32 bytes each, in base64. The first key encrypts, and all
   * keys decrypt: to replace a key, put the new key before it. Required for `state: 'cookie'`, and for OAuth 1 and DPoP in a
   * cookie session.
   */
  encryptionKeys?: string | string[];
  /**
   * Scheme and host of this site. Relative redirect URIs are resolved against `baseUrl`. Set it in production: without it, a
   * relative redirect URI works only on this machine (`localhost`, 127.0.0.0/8, `[::1]`) and for `allowedHosts`, because the
   * sender of a request chooses the `Host` header. Pushed and signed authorization requests always require a URL of this site.
   *
   * For a site with several hosts, set a list of URLs, of which the host of a request selects one; a list of hosts, which is the
   * same as `allowedHosts`; or a function. The function must return a URL of this site for every request, also for one with a
   * forged `Host` header.
   */
  baseUrl?: string | readonly string[] | ((request: OAuthRequest) => string | Promise<string>);
  /**
   * Hosts of this site, with the port if the browser shows one (`app.example`, `app.example:8443`). Use `allowedHosts` instead
   * of `baseUrl` for a site with several hosts. A relative redirect URI is resolved against the host of the request.
   */
  allowedHosts?: string[];
  /**
   * Returns the settings of a client that is neither configured nor registered, such as a tenant's client from a database, or
   * undefined or null if there is no client with this name. Routes with `:provider` and `registry.resolve(name)` call it.
   * The client is used for five minutes; `registry.forget(name)` ends this earlier. The settings are not trusted: they never
   * read the application's settings or environment, and the client connects to public addresses only.
   *
   * A function with the parameter `request` is called for every request of a route, because its result may depend on the request.
   * Its client is kept as long as the settings are equal.
   * @param name a valid client name, which the sender of a request may have chosen
   * @param request the request that needs the client. Undefined for `registry.resolve(name)`
   */
  resolveClient?(
    name: string,
    request?: OAuthRequest,
  ): ClientRegistration | null | undefined | Promise<ClientRegistration | null | undefined>;
  /**
   * Lets the clients of `resolveClient` connect to private, loopback and link-local addresses too, for example in development.
   * @default false
   */
  allowPrivateNetwork?: boolean;
  /**
   * Lets clients with `allowInsecureHttp` use http for hosts other than this machine, such as the hosts of a Docker network.
   * Everyone on that network can then read codes, tokens and secrets.
   * @default false
   */
  allowInsecureHttp?: boolean;
  /**
   * Adds the error's `description` to error responses. A description may quote the provider or name your servers. If
   * `exposeErrors` is off, the browser receives the error code and a fixed sentence, and the log has the description.
   * @default true unless `NODE_ENV` is `production`
   */
  exposeErrors?: boolean;
  /**
   * axios defaults of every client. `timeout` (milliseconds, 10,000 by default) limits a whole call, including its redirects
   * and the body of the response. `maxContentLength` (bytes, 10 MiB by default) limits the response of an API call that is not
   * read as a stream.
   */
  http?: CreateAxiosDefaults;
  /**
   * Blocks requests to private, loopback and link-local addresses for clients that are registered at run time, such as with
   * the settings of a tenant. Every request and redirect is checked after the host name is resolved. `http.proxy`,
   * `http.adapter` and `http.socketPath` do not apply to these clients.
   * @default false
   */
  blockPrivateNetworks?: boolean;
}

/** A class that creates the options, for `useClass` and `useExisting`. */
export interface OAuthClientOptionsFactory {
  createOAuthClientOptions(): OAuthClientModuleOptions | Promise<OAuthClientModuleOptions>;
}

/** Options of `forRootAsync()`: pass one of `useFactory`, `useClass`, `useExisting`. */
export interface OAuthClientModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** Makes the exports of this module visible in all modules, not only in those that import it. @default true */
  isGlobal?: boolean;
  /** Returns the options. Receives the dependencies that `inject` lists. */
  useFactory?: (...dependencies: never[]) => OAuthClientModuleOptions | Promise<OAuthClientModuleOptions>;
  /** The dependencies of `useFactory`. */
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  /** A factory class that Nest instantiates. */
  useClass?: Type<OAuthClientOptionsFactory>;
  /** An existing provider of a factory. */
  useExisting?: InjectionToken<OAuthClientOptionsFactory>;
}

/** Holds the options in Nest's container. The field is private, so that an inspection of the container does not print secrets. */
export class OAuthClientOptions {
  readonly #options: OAuthClientModuleOptions;

  constructor(options: OAuthClientModuleOptions) {
    this.#options = options;
  }

  get value(): OAuthClientModuleOptions {
    return this.#options;
  }
}

/** Holds the clients of a feature module in Nest's container. The field is private, so that an inspection does not print secrets. */
export class OAuthFeatureClients {
  /** Distinguishes feature modules: Nest compares dynamic modules by their serialized contents. */
  readonly names: string[];
  readonly #clients: Record<string, ClientRegistration>;

  constructor(clients: Record<string, ClientRegistration>) {
    this.names = Object.keys(clients);
    this.#clients = clients;
  }

  get value(): Record<string, ClientRegistration> {
    return this.#clients;
  }
}
