import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ModuleRef, ModulesContainer, Reflector } from '@nestjs/core';
import { shownName } from '../config/client-name.js';
import { nearestKey } from '../config/setting-keys.js';
import { OAuthConfigError } from '../oauth.errors.js';
import { OAuthRegistry } from '../oauth.registry.js';
import { misplacedUri } from '../remote-app/redirect-uri.js';
import { globalPrefixOf, handlersOf, routesOf, type ApplicationRoute, type Handler } from './application-routes.js';
import { CallbackPaths } from './callback-paths.js';
import { unknownOption } from './module-options.js';
import { OAUTH_CALLBACK, OAuthCallbackGuard } from './oauth-callback.guard.js';
import { OAUTH_LOGIN } from './oauth-login.guard.js';
import { OAUTH_LOGOUT } from './oauth-logout-redirect.guard.js';
import { OAUTH_LOGOUT_REQUEST, OAuthLogoutGuard } from './oauth-logout.guard.js';
import type { ClientRoute } from './route-client.js';

/** Where Nest keeps the guards of a method. */
const GUARDS = '__guards__';
/** The guards that finish a login, or end a session. */
const LAST: readonly unknown[] = [OAuthCallbackGuard, OAuthLogoutGuard];
/** What the decorators themselves keep with a route. */
const OF_EVERY_ROUTE: readonly string[] = ['clients', 'method', 'kind'];
/** The decorators of routes, where each keeps its options, and what these are. */
const DECORATORS: Record<string, { key: string; options: readonly string[] }> = {
  '@OAuthLogin()': { key: OAUTH_LOGIN.KEY, options: ['redirectUri'] },
  '@OAuthCallback()': { key: OAUTH_CALLBACK.KEY, options: ['params'] },
  '@OAuthLogout()': { key: OAUTH_LOGOUT.KEY, options: ['postLogoutRedirectUri'] },
  'the decorator of the logout': { key: OAUTH_LOGOUT_REQUEST.KEY, options: [] },
};

/**
 * Checks the routes of this library at start-up: that the clients which they name exist, and that their redirect URIs are not
 * those of a callback without its prefix.
 */
@Injectable()
export class RouteCheck implements OnApplicationBootstrap {
  readonly #reflector = new Reflector();

  constructor(
    private readonly registry: OAuthRegistry,
    private readonly modules: ModulesContainer,
    private readonly moduleRef: ModuleRef,
    private readonly callbackPaths: CallbackPaths,
  ) {
    for (const { callback } of handlersOf(modules)) moveLast(callback);
  }

  /**
   * Runs after every `onModuleInit`, where an application may register clients.
   * @throws {OAuthConfigError} with every fault of every route
   */
  onApplicationBootstrap(): void {
    const routes = routesOf(this.modules, this.moduleRef);
    this.callbackPaths.learn(
      routes,
      routes.filter((route) => this.#isCallback(route)),
      globalPrefixOf(this.moduleRef),
    );
    const faults = [
      ...handlersOf(this.modules).flatMap((handler) => [
        ...this.#unknownOptions(handler),
        ...this.#unknownClients(handler),
      ]),
      ...routes.flatMap((route) => this.#misplacedUris(route)),
    ];
    if (faults.length > 0) throw new OAuthConfigError([...new Set(faults)]);
  }

  #isCallback({ callback }: ApplicationRoute): boolean {
    const logout = this.#reflector.get(OAUTH_LOGOUT_REQUEST, callback as never) as { kind: string } | undefined;
    return Reflect.hasMetadata(OAUTH_CALLBACK.KEY, callback) || logout?.kind === 'callback';
  }

  /** A misspelled option would have no effect: a login without its redirect URI, for example. */
  #unknownOptions({ name, callback }: Handler): string[] {
    return Object.entries(DECORATORS).flatMap(([decorator, { key, options }]) => {
      const unknown = Object.entries(this.#read(key, callback)).filter(
        ([option, value]) => value !== undefined && !OF_EVERY_ROUTE.includes(option) && !options.includes(option),
      );
      return unknown.map(([option]) => `${name}: ${unknownOption(decorator, option, options)}`);
    });
  }

  #unknownClients({ name, callback }: Handler): string[] {
    if (!(this.registry instanceof OAuthRegistry)) return []; // a test replaces it
    return Object.values(DECORATORS).flatMap(({ key }) => {
      const { clients = [] } = this.#read<ClientRoute>(key, callback);
      const isUnknown = (client: string): boolean =>
        !this.registry.has(client) && (typeof clients === 'string' || this.#isMisspelled(client, clients));
      const unknown = [clients].flat().filter(isUnknown);
      return unknown.map((client) => `${name}: ${this.#unknownClient(client)}`);
    });
  }

  /** A list may name clients that are registered later, by their names in the URL; one that is like a known name is a mistake. */
  #isMisspelled(client: string, clients: readonly string[]): boolean {
    const near = nearestKey(client, this.registry.names);
    return near !== undefined && !clients.includes(near);
  }

  #unknownClient(client: string): string {
    const near = nearestKey(client, this.registry.names);
    return (
      `its decorator names the client "${shownName(client)}", but no client of that name is configured.` +
      `${near === undefined ? '' : ` Did you mean "${near}"?`} Add it to \`clients\` of OAuthClientModule, or register it in ` +
      `\`onModuleInit\` at the latest. Configured clients: ${this.registry.knownNames()}`
    );
  }

  #misplacedUris({ name, callback }: ApplicationRoute): string[] {
    const login = this.#read<{ redirectUri?: unknown } & ClientRoute>(OAUTH_LOGIN.KEY, callback);
    const logout = this.#read<{ postLogoutRedirectUri?: unknown } & ClientRoute>(OAUTH_LOGOUT.KEY, callback);
    return [
      ...this.#misplacedUri(`${name}: redirectUri`, login.redirectUri, login),
      ...this.#misplacedUri(`${name}: postLogoutRedirectUri`, logout.postLogoutRedirectUri, logout),
    ];
  }

  #misplacedUri(what: string, uri: unknown, { clients = ':provider' }: ClientRoute): string[] {
    if (typeof uri !== 'string') return [];
    const fault = [clients]
      .flat()
      .map((client) => misplacedUri(uri.replace(':provider', client), this.callbackPaths))
      .find((found) => found !== undefined);
    return fault === undefined ? [] : [`${what} ${fault}`];
  }

  #read<Route extends object>(key: string, callback: object): Partial<Route> {
    return (Reflect.getMetadata(key, callback) ?? {}) as Partial<Route>;
  }
}

/** Nest runs the guards of a method from the lowest decorator to the highest. Those of callbacks run after all others. */
function moveLast(callback: object): void {
  const guards = Reflect.getOwnMetadata(GUARDS, callback) as unknown[] | undefined;
  const last = guards?.filter((guard) => LAST.includes(guard)) ?? [];
  if (!guards || last.length === 0) return;
  Reflect.defineMetadata(GUARDS, [...guards.filter((guard) => !LAST.includes(guard)), ...last], callback);
}
