import { fieldsOf } from '../common/fields-of.js';
import { isRecord } from '../config/is-record.js';
import { OAuthConfigError, OAuthError } from '../errors/oauth.errors.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import type { OAuthRegistry } from '../oauth.registry.js';
import { logFailure } from '../remote-app/boundary.js';
import { OAuth2App } from '../remote-app/oauth2-app.js';
import type { RemoteApp } from '../remote-app/remote-app.js';

/**
 * The clients of a route: one client by its name, or a list of names of which the route's `:provider` parameter selects one. If
 * undefined, `:provider` may select any client.
 */
export type RouteClients = string | readonly string[] | undefined;

export interface ClientRoute {
  clients: RouteClients;
}

/** A request to a route with clients. */
interface ClientRequest extends ClientRoute {
  request: OAuthRequest;
  registry: OAuthRegistry;
}

/**
 * Reads the arguments of a decorator: `(clients, options)` or `(options)`.
 * @throws {TypeError} when the list is empty, or when a name is not a string
 */
export function routeOf<Options extends object>(
  first: unknown,
  second: Options = {} as Options,
): ClientRoute & { options: Options } {
  const { clients, ...options } = isRecord(first) ? first : { clients: first, ...second };
  const names: unknown[] = [clients ?? []].flat();
  if (clients === null || names.some((name) => typeof name !== 'string')) {
    throw new TypeError('the clients of a route are not valid: expected the name of a client, or a list of names');
  }
  if (clients !== undefined && names.length === 0) {
    throw new TypeError('the list of clients of a route is empty. Add the names of its clients, or omit the list');
  }
  return { clients: clients as RouteClients, options: options as Options };
}

/**
 * Returns the client of a request to a route.
 * @throws {OAuthError} `unknown_provider` (status 404) when `:provider` is not a client that can sign users in
 * @throws {OAuthConfigError} when the client in the decorator does not exist, or when `resolveClient` fails
 */
export function clientOfRoute({ registry, clients, request }: ClientRequest): RemoteApp | Promise<RemoteApp> {
  if (typeof clients === 'string') return logged(clients, () => registry.resolve(clients, request));
  const { provider } = fieldsOf(request.params);
  const isListed = typeof provider === 'string' && (clients === undefined || clients.includes(provider));
  if (!isListed) throw unknownProvider(registry, NO_PROVIDER);
  if (registry.has(provider)) return requireUserLogin(registry, registry.get(provider));
  return registry.find(provider, request).then((app) => requireUserLogin(registry, app));
}

const NO_PROVIDER = 'there is no such provider to sign in with';

function requireUserLogin(registry: OAuthRegistry, app: RemoteApp | undefined): RemoteApp {
  if (app?.signsUsersIn) return app;
  throw unknownProvider(registry, NO_PROVIDER);
}

/**
 * Returns the client of a request to a logout route, which only OpenID Connect supports.
 * @throws {OAuthError} `unknown_provider` (status 404) when `:provider` is not an OAuth 2 client that can sign users in
 * @throws {OAuthConfigError} when the client in the decorator uses OAuth 1 or is a machine client
 */
export async function openIdClientOfRoute(call: ClientRequest): Promise<OAuth2App> {
  const app = await clientOfRoute(call);
  if (app instanceof OAuth2App && app.signsUsersIn) return app;
  if (typeof call.clients !== 'string')
    throw unknownProvider(call.registry, 'there is no such provider to sign out of');
  const fault = new OAuthConfigError([
    app.signsUsersIn
      ? `${app.name}: OAuth 1 has no logout. Remove the logout decorator, and end only the application's session`
      : `${app.name}: a machine client (client_credentials) cannot sign users in or out. Use a client that signs users in`,
  ]);
  logFailure(fault, { name: app.name });
  throw fault.exposeWhen(call.registry.exposeErrors);
}

function unknownProvider({ exposeErrors }: OAuthRegistry, description: string): OAuthError {
  const error = new OAuthError('unknown_provider', { description, status: 404 });
  logFailure(error);
  return error.exposeWhen(exposeErrors);
}

/** Logs the error if the client of a decorator does not exist. */
async function logged<T>(name: string, find: () => Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof OAuthError) logFailure(error, { name });
    throw error;
  }
}
