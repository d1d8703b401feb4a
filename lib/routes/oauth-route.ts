import {
  applyDecorators,
  Injectable,
  Render,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { isRecord } from '../config/is-record.js';
import { OAuthRegistry } from '../oauth.registry.js';
import type { RedirectResponse } from '../remote-app/login.js';
import type { Handler } from './application-routes.js';
import { redirectAfterHandler, wrapHandler } from './handler-redirect.js';
import { REDIRECT_VIEW } from './redirect-sender.js';
import type { ClientRoute } from './route-client.js';
import { exchangeOf, type Exchange } from './route-request.js';

/** Keys of Nest's metadata for the guards and the `@Redirect()` of a method. */
const [GUARDS, REDIRECT] = ['__guards__', '__redirect__'];

/** One request to a route of this library. */
interface RouteCall extends ClientRoute, Exchange {
  context: ExecutionContext;
  registry: OAuthRegistry;
}

/** A route with a decorator of this library. */
export interface OAuthRoute extends ClientRoute {
  /** The name of the decorator, for errors. */
  decorator: string;
  /** The options that the decorator received. */
  options: object;
  /** The names of the options that exist. */
  optionNames: readonly string[];
  /** The option with the redirect URI or the post-logout redirect URI. */
  redirectUri?: { option: string; value: unknown };
  /** Whether the provider sends users to this route. */
  isCallback?: boolean;
  /** Checks a request before the interceptors and the handler run. May call `redirectAfterHandler()`. */
  enter: (call: RouteCall) => unknown;
}

export const OAUTH_ROUTE = Reflector.createDecorator<OAuthRoute>();

/** Makes a handler a route of this library. */
export function oauthRoute(route: OAuthRoute): MethodDecorator {
  return applyDecorators(
    OAUTH_ROUTE(route),
    UseGuards(OAuthRouteGuard),
    SetMetadata('cache_module:cache_ttl', 1), // ms for `CacheInterceptor` of @nestjs/cache-manager; 0 would mean forever
  );
}

/** Runs `enter` of the route, which throws if the request is refused. */
@Injectable()
class OAuthRouteGuard implements CanActivate {
  constructor(
    private readonly registry: OAuthRegistry,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const handler = context.getHandler();
    const { clients, enter } = this.reflector.get(OAUTH_ROUTE, handler);
    const redirect = decoratedRedirect(handler);
    if (redirect) redirectAfterHandler(context, (returned) => redirectOr(redirect, returned));
    await enter({ context, ...exchangeOf(context), registry: this.registry, clients });
    return true;
  }
}

/**
 * Prepares a handler with a decorator of this library, when all decorators have been applied: moves the guard after those of other
 * decorators, because Nest runs the guards of a method in this order, makes a route with `@Redirect()` send its redirect through
 * `RedirectSender`, and wraps the handler. Must be called before Nest reads the routes.
 */
export function arrangeRoute(handler: Handler): void {
  const { callback } = handler;
  if (!Reflect.hasMetadata(OAUTH_ROUTE.KEY, callback)) return;
  const guards = (Reflect.getOwnMetadata(GUARDS, callback) ?? []) as unknown[];
  Reflect.defineMetadata(GUARDS, [...guards.filter((guard) => guard !== OAuthRouteGuard), OAuthRouteGuard], callback);
  if (decoratedRedirect(callback)) Render(REDIRECT_VIEW)({}, '', { value: callback });
  wrapHandler(handler);
}

/** Returns the redirect of a handler's `@Redirect()`. */
function decoratedRedirect(handler: object): RedirectResponse | undefined {
  const redirect = Reflect.getMetadata(REDIRECT, handler) as Partial<RedirectResponse> | undefined;
  return redirect && { url: redirect.url ?? '', statusCode: redirect.statusCode ?? 302 };
}

/** Returns the redirect of `@Redirect()`, overridden by the `url` and `statusCode` that the handler returned. */
function redirectOr(decorated: RedirectResponse, returned: unknown): RedirectResponse {
  const { url, statusCode } = isRecord(returned) ? (returned as Partial<RedirectResponse>) : {};
  return { url: url ?? decorated.url, statusCode: statusCode ?? decorated.statusCode };
}
