import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { CreateAxiosDefaults } from 'axios';
import type { ClientRegistration } from './oauth.registry.js';
import type { OAuthRequest } from './common/oauth-request.js';
import type { LoginStorage } from './state/login-storage.js';
import type { SimpleTokenStore, TokenEvents, TokenStore } from './token/token-store.js';

/** How the module is set up. With no options at all, everything comes from the settings. */
export interface OAuthClientModuleOptions extends TokenEvents {
  /** Clients by name; what is not given here comes from the settings. */
  clients?: Record<string, ClientRegistration>;
  /**
   * Where in `ConfigService` the clients are: an object of clients by name, or a JSON string of one.
   * @default 'AUTHLIB_OAUTH_CLIENTS'
   */
  configKey?: string;
  /** Finds the token of the user whom an API call is made for. */
  fetchToken?: SimpleTokenStore['fetchToken'];
  /** Receives every refreshed token. */
  updateToken?: SimpleTokenStore['updateToken'];
  /**
   * Where the users' tokens are: a {@link TokenStore}, or an object with the two methods above; or a class or injection token
   * of either, which Nest resolves.
   */
  tokenStore?: TokenStore | SimpleTokenStore | InjectionToken<TokenStore | SimpleTokenStore>;
  /**
   * Returns the id of the user that a request belongs to: a non-empty string or a safe integer, by which a
   * {@link TokenStore} finds the user's token. Returns nothing when nobody is signed in.
   */
  userOf?(request: OAuthRequest): string | number | null | undefined | Promise<string | number | null | undefined>;
  /**
   * Where a login waits for its callback: in the session; in an encrypted cookie of its own, which needs no session and
   * nothing that processes share; or in a storage, such as `RedisStateStore`, or a class or symbol that Nest resolves to one.
   * @default 'session'
   */
  state?: 'session' | 'cookie' | LoginStorage | Exclude<InjectionToken<LoginStorage>, string>;
  /**
   * Keys for what the browser keeps and may not read: 32 bytes each, in base64. The first seals and all of them open, so
   * that a key is replaced by putting a new one before it. Needed for `state: 'cookie'`, and for OAuth 1 and DPoP in a
   * session that is kept in a cookie.
   */
  encryptionKeys?: string | string[];
  /**
   * Scheme and host of this site, which relative redirect URIs are resolved against. Set it in production. Without it, a
   * relative redirect URI works on this machine (`localhost`, 127.0.0.0/8, `[::1]`) and for `allowedHosts` alone, because the
   * sender of a request chooses its `Host` header. Pushed and signed authorization requests always need it.
   */
  baseUrl?: string;
  /**
   * Hosts of this site, with their ports where the browser shows one (`app.example`, `app.example:8443`): for a site that
   * has several, in the place of `baseUrl`. A relative redirect URI is resolved against the one that the request names.
   */
  allowedHosts?: string[];
  /**
   * Lets clients with `allowInsecureHttp` use http for hosts other than this machine, such as those of a docker network.
   * Everybody on that network then reads codes, tokens and secrets.
   * @default false
   */
  allowInsecureHttp?: boolean;
  /**
   * Whether answers about errors have the error's `description`, which may quote the provider or name your servers.
   * Without it, the browser gets the error code and a fixed sentence, and the description is in the log.
   * @default true unless `NODE_ENV` is `production`
   */
  exposeErrors?: boolean;
  /**
   * axios defaults of every client. `timeout`, 10 seconds by default, is for a whole call, with its redirects and the body of
   * its answer. `maxContentLength`, 10 MiB by default, limits the answer of an API call that is not read as a stream.
   */
  http?: CreateAxiosDefaults;
  /**
   * Keeps clients that are registered at run time, perhaps with settings of a tenant, from private, loopback and link-local
   * addresses: for all their requests and redirects, checked when the name is resolved. `http.proxy`, `http.adapter` and
   * `http.socketPath` do not apply to these clients.
   * @default false
   */
  blockPrivateNetworks?: boolean;
}

/** A class that makes the options, for `useClass` and `useExisting`. */
export interface OAuthClientOptionsFactory {
  createOAuthClientOptions(): OAuthClientModuleOptions | Promise<OAuthClientModuleOptions>;
}

/** Options that Nest makes: give one of `useFactory`, `useClass`, `useExisting`. */
export interface OAuthClientModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** Whether all modules see what this one exports, or only those that import it. @default true */
  isGlobal?: boolean;
  /** Makes the options from what `inject` names. */
  useFactory?: (...dependencies: never[]) => OAuthClientModuleOptions | Promise<OAuthClientModuleOptions>;
  /** What `useFactory` is given. */
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  /** A class that Nest instantiates. */
  useClass?: Type<OAuthClientOptionsFactory>;
  /** A provider that exists. */
  useExisting?: InjectionToken<OAuthClientOptionsFactory>;
}

/** The options in the container, where no inspection finds the secrets in them. */
export class OAuthClientOptions {
  readonly #options: OAuthClientModuleOptions;

  constructor(options: OAuthClientModuleOptions) {
    this.#options = options;
  }

  get value(): OAuthClientModuleOptions {
    return this.#options;
  }
}

/** Clients of a feature module in the container, where no inspection finds their secrets. */
export class OAuthFeatureClients {
  /** Tells one feature module from another where Nest tells them apart by their contents. */
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
