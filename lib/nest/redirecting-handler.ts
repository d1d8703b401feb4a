import { Render, Req, SetMetadata } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import type { OAuthRequest } from '../oauth-request.js';
import type { RedirectResponse } from '../remote-app/login.js';

/** Makes the redirect of one request. `handle` calls the handler and resolves with what it returned. */
export type MakeRedirect = (handle: () => Promise<unknown>) => Promise<RedirectResponse>;

/** A route that answers with a redirect: the options of its decorator, and the method that has it. */
export type RedirectingRoute<Options extends object = object> = Options & { method: string };

/** A route that redirects if `@Redirect()` stands below its decorator. */
export type MaybeRedirecting<Options extends object = object> = Options & { method?: string };

/** The answer of one request to such a route. */
export interface PendingRedirect {
  route: RedirectingRoute;
  make: MakeRedirect;
  /** Set when the handler ran. */
  redirect?: RedirectResponse;
}

/** The name of the view that Nest renders for these routes; see `RouteRedirects`. */
export const REDIRECT_VIEW = 'nestjs-oauth-client:redirect';

/** What interceptors get instead of the redirect. It has nothing of the login. */
const EMITTED = { answeredBy: 'nestjs-oauth-client' };

/** Where Nest keeps the parameters of a handler (`ROUTE_ARGS_METADATA`). */
export const ROUTE_ARGUMENTS = '__routeArguments__';

/** Where `@Redirect()` keeps its address (`REDIRECT_METADATA`). */
const REDIRECT = '__redirect__';

/** What `@CacheTTL()` sets: interceptors of @nestjs/cache-manager keep an answer of these routes for a millisecond. */
const NEVER_CACHED = SetMetadata('cache_module:cache_ttl', 1);

const pending = new WeakMap<OAuthRequest, PendingRedirect>();

export function keepPendingRedirect(request: OAuthRequest, redirect: PendingRedirect): void {
  pending.set(request, redirect);
}

/** Whether an answer is what the handler of such a route emitted, as a cache or a wrapper may have changed it. */
export function isEmitted(answer: unknown): boolean {
  try {
    return (JSON.stringify(answer) as string | undefined)?.includes(EMITTED.answeredBy) === true;
  } catch {
    return false;
  }
}

/**
 * Makes a handler answer with a redirect. The handler is wrapped: interceptors get a fixed value, which they may change, keep
 * or repeat, and the redirect itself stays with the request. The wrapper finds the request in a parameter of its own. When a
 * subclass calls the handler, it gets what the handler returns.
 */
export function redirectingHandler<Options extends object>(
  options: Options,
  ...decorate: ((route: RedirectingRoute<Options>) => MethodDecorator)[]
): MethodDecorator {
  return (target: object, method: string | symbol, descriptor: PropertyDescriptor) => {
    const route: RedirectingRoute<Options> = { ...options, method: String(method) };
    const original = descriptor.value as (...args: unknown[]) => unknown;
    const index = firstFreeParameter(target, method, original);
    Req()(target, method, index);
    const handler = function (this: unknown, ...args: unknown[]): unknown {
      const redirect = pending.get(args[index] as OAuthRequest);
      const handle = (): unknown => original.apply(this, args.slice(0, index));
      return redirect?.route === route ? finish(redirect, handle) : handle();
    };
    descriptor.value = likeOriginal(handler, original);
    for (const decorator of [...decorate.map((make) => make(route)), NEVER_CACHED, Render(REDIRECT_VIEW)]) {
      decorator(target, method, descriptor);
    }
  };
}

/** Does the same as `redirectingHandler()` for a handler that has `@Redirect()`; any other handler answers with what it returns. */
export function redirectingIfDecorated<Options extends object>(
  options: Options,
  ...decorate: ((route: MaybeRedirecting<Options>) => MethodDecorator)[]
): MethodDecorator {
  return (target: object, method: string | symbol, descriptor: PropertyDescriptor) => {
    if (decoratedRedirect(descriptor.value as object)) {
      redirectingHandler(options, ...decorate)(target, method, descriptor);
      return;
    }
    for (const decorator of [...decorate.map((make) => make(options)), NEVER_CACHED]) {
      decorator(target, method, descriptor);
    }
  };
}

/** Returns what `@Redirect()` says about a handler. */
export function decoratedRedirect(handler: object): Partial<RedirectResponse> | undefined {
  return Reflect.getMetadata(REDIRECT, handler) as Partial<RedirectResponse> | undefined;
}

async function finish(redirect: PendingRedirect, handle: () => unknown): Promise<object> {
  redirect.redirect = await redirect.make(async () => settled(handle()));
  return { ...EMITTED };
}

async function settled(result: unknown): Promise<unknown> {
  const value = await result;
  return isObservable(value) ? lastValueFrom<unknown, undefined>(value, { defaultValue: undefined }) : value;
}

function firstFreeParameter(target: object, method: string | symbol, original: { length: number }): number {
  const decorated = (Reflect.getMetadata(ROUTE_ARGUMENTS, target.constructor, method) ?? {}) as Record<
    string,
    { index: number }
  >;
  return Math.max(original.length, ...Object.values(decorated).map(({ index }) => index + 1));
}

/** Gives the wrapper what other decorators left on the handler: guards, filters, headers, and the route itself. */
function likeOriginal<Handler extends object>(handler: Handler, original: object & { name: string }): Handler {
  for (const key of Reflect.getOwnMetadataKeys(original) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), handler);
  }
  return Object.defineProperty(handler, 'name', { value: original.name, configurable: true });
}
