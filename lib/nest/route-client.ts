import { OAuthConfigError, OAuthError } from '../oauth.errors.js';
import type { OAuthRequest } from '../oauth-request.js';
import type { OAuthRegistry } from '../oauth.registry.js';
import { OAuth2App } from '../remote-app/oauth2-app.js';
import type { RemoteApp } from '../remote-app/remote-app.js';

/**
 * The client that a route is for: the one that its decorator names, or else the one in its `:provider` parameter.
 * @throws {OAuthError} `unknown_provider` (status 404) when the parameter names none
 */
export function clientOfRoute(registry: OAuthRegistry, name: string | undefined, request: OAuthRequest): RemoteApp {
  if (name !== undefined) return registry.get(name);
  const { provider } = (request.params ?? {}) as { provider?: unknown };
  if (typeof provider === 'string' && registry.has(provider)) return registry.get(provider);
  throw unknownProvider('there is no such provider to sign in with');
}

/**
 * The same, for what only OpenID Connect has.
 * @throws {OAuthError} `unknown_provider` (status 404) when the parameter names a client of OAuth 1
 * @throws {OAuthConfigError} when the decorator does
 */
export function openIdClientOfRoute(
  registry: OAuthRegistry,
  name: string | undefined,
  request: OAuthRequest,
): OAuth2App {
  const app = clientOfRoute(registry, name, request);
  if (app instanceof OAuth2App) return app;
  if (name === undefined) throw unknownProvider('there is no such provider to sign out of');
  throw new OAuthConfigError([`${app.name}: OAuth 1 has no logout; end your own session alone`]);
}

function unknownProvider(description: string): OAuthError {
  return new OAuthError('unknown_provider', { description, status: 404 });
}
