import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { shownName } from '../config/client-name.js';
import { nearestKey } from '../config/nearest-key.js';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { OAuthRegistry } from '../oauth.registry.js';
import { misplacedUri } from '../remote-app/redirect-uri.js';
import { globalPrefixOf, handlersOf, routesOf, type Handler } from './application-routes.js';
import { CallbackPaths } from './callback-paths.js';
import { unknownOption } from '../module/module-options.js';
import { arrangeRoute, OAUTH_ROUTE, type OAuthRoute } from './oauth-route.js';

/**
 * Checks the routes with decorators of this library at start-up: their clients must exist, and their redirect URIs must
 * include the prefix of the callback route.
 */
@Injectable()
export class RouteCheck implements OnApplicationBootstrap {
  constructor(
    private readonly registry: OAuthRegistry,
    private readonly modules: ModulesContainer,
    private readonly moduleRef: ModuleRef,
    private readonly callbackPaths: CallbackPaths,
  ) {
    for (const handler of handlersOf(modules)) arrangeRoute(handler);
  }

  /**
   * Checks every route. Runs after every `onModuleInit`, because an application may register clients there.
   * @throws {OAuthConfigError} with every fault of every route
   */
  onApplicationBootstrap(): void {
    const routes = routesOf(this.modules, this.moduleRef);
    const oauthRoutes = decorated(routes);
    this.callbackPaths.setRoutes(
      routes,
      oauthRoutes.filter(({ route }) => route.isCallback),
      globalPrefixOf(this.moduleRef),
    );
    const faults = [
      ...decorated(handlersOf(this.modules)).flatMap(({ name, route }) =>
        [...unknownOptions(route), ...this.#unknownClients(route)].map((fault) => `${name}: ${fault}`),
      ),
      ...oauthRoutes.flatMap(({ name, route }) => this.#misplacedUris(route).map((fault) => `${name}: ${fault}`)),
    ];
    if (faults.length > 0) throw new OAuthConfigError([...new Set(faults)]);
  }

  #unknownClients({ clients = [] }: OAuthRoute): string[] {
    if (!(this.registry instanceof OAuthRegistry)) return []; // a test of the application replaced the registry
    if (this.registry.hasResolver) return []; // the client may be a tenant that does not exist yet
    const isUnknown = (client: string): boolean =>
      !this.registry.has(client) && (typeof clients === 'string' || this.#isMisspelled(client, clients));
    const unknown = [clients].flat().filter(isUnknown);
    return unknown.map((client) => this.#unknownClient(client));
  }

  /** Returns whether an unknown name in a list is similar to a known name. Other unknown clients may be registered later. */
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

  #misplacedUris({ redirectUri, clients = ':provider' }: OAuthRoute): string[] {
    const { option, value } = redirectUri ?? {};
    if (typeof value !== 'string') return [];
    const faults = [clients]
      .flat()
      .map((client) => misplacedUri(value.replace(':provider', client), this.callbackPaths));
    const fault = faults.find((found) => found !== undefined);
    return fault === undefined ? [] : [`${option} ${fault}`];
  }
}

/** Returns the handlers that have a decorator of this library, each with its route. */
function decorated<T extends Handler>(handlers: readonly T[]): (T & { route: OAuthRoute })[] {
  return handlers.flatMap((handler) => {
    const route = Reflect.getMetadata(OAUTH_ROUTE.KEY, handler.callback) as OAuthRoute | undefined;
    return route ? [{ ...handler, route }] : [];
  });
}

/** Returns a fault for every option that does not exist, because a misspelled option would have no effect. */
function unknownOptions({ decorator, options, optionNames }: OAuthRoute): string[] {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const unknown = given.filter(([option]) => !optionNames.includes(option));
  return unknown.map(([option]) => unknownOption(decorator, option, optionNames));
}
