import {
  applyDecorators,
  Injectable,
  Render,
  SetMetadata,
  UseGuards,
  UseInterceptors,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { isRecord } from '../config/is-record.js';
import { OAuthRegistry } from '../oauth.registry.js';
import type { RedirectResponse } from '../remote-app/login.js';
import { redirectAfterHandler, RedirectInterceptor } from './redirect-interceptor.js';
import { REDIRECT_VIEW } from './redirect-sender.js';
import type { ClientRoute } from './route-client.js';
import { exchangeOf, type Exchange } from './route-request.js';

/** Where Nest keeps the guards, the interceptors and the `@Redirect()` of a method. */
const [GUARDS, INTERCEPTORS, REDIRECT] = ['__guards__', '__interceptors__', '__redirect__'];

/** One request to a route of this library. */
interface RouteCall extends ClientRoute, Exchange {
  context: ExecutionContext;
  registry: OAuthRegistry;
}

/** What a decorator of this library knows of its route. */
export interface OAuthRoute extends ClientRoute {
  /** The decorator, for errors. */
  decorator: string;
  /** The options that the decorator was given, and the names of those that it reads. */
  options: object;
  optionNames: readonly string[];
  /** An address of this site among the options, where the provider sends the user back to. */
  redirectUri?: { option: string; value: unknown };
  /** Whether the provider sends users to this route. */
  isCallback?: boolean;
  /** Checks a request before interceptors and the handler run; `redirectAfterHandler()` makes it answer with a redirect. */
  enter: (call: RouteCall) => unknown;
}

export const OAUTH_ROUTE = Reflector.createDecorator<OAuthRoute>();

/** Makes a handler a route of this library. */
export function oauthRoute(route: OAuthRoute): MethodDecorator {
  return applyDecorators(
    OAUTH_ROUTE(route),
    UseGuards(OAuthRouteGuard),
    UseInterceptors(RedirectInterceptor),
    SetMetadata('cache_module:cache_ttl', 1), // milliseconds that `CacheInterceptor` of @nestjs/cache-manager keeps an answer
  );
}

/** Lets a request through to the handler if the route of the decorator accepts it. */
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
 * Puts the guard and the interceptor of a route after those of other decorators, above or below, and makes a route with
 * `@Redirect()` answer as those of logins do. Called before Nest reads the routes.
 */
export function arrangeRoute(handler: object): void {
  if (!Reflect.hasMetadata(OAUTH_ROUTE.KEY, handler)) return;
  moveLast(GUARDS, OAuthRouteGuard, handler);
  moveLast(INTERCEPTORS, RedirectInterceptor, handler);
  if (decoratedRedirect(handler)) Render(REDIRECT_VIEW)({}, '', { value: handler });
}

/** Nest runs the guards of a method, and its interceptors, from the lowest decorator to the highest. */
function moveLast(key: string, own: unknown, handler: object): void {
  const all = (Reflect.getOwnMetadata(key, handler) ?? []) as unknown[];
  Reflect.defineMetadata(key, [...all.filter((one) => one !== own), own], handler);
}

/** Returns what `@Redirect()` says about a handler. */
function decoratedRedirect(handler: object): RedirectResponse | undefined {
  const redirect = Reflect.getMetadata(REDIRECT, handler) as Partial<RedirectResponse> | undefined;
  return redirect && { url: redirect.url ?? '', statusCode: redirect.statusCode ?? 302 };
}

/** Returns the redirect of `@Redirect()`, with what the handler returned instead. */
function redirectOr(decorated: RedirectResponse, returned: unknown): RedirectResponse {
  const { url, statusCode } = isRecord(returned) ? (returned as Partial<RedirectResponse>) : {};
  return { url: url ?? decorated.url, statusCode: statusCode ?? decorated.statusCode };
}
