import { Req, type ExecutionContext } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import { fieldsOf } from '../common/fields-of.js';
import type { RedirectResponse } from '../remote-app/login.js';
import { isResponseSent } from '../state/oauth-response.js';
import type { Handler as ApplicationHandler } from './application-routes.js';

/** The redirect of one response. */
export interface PendingRedirect {
  context: ExecutionContext;
  /** Returns the redirect. Receives the value that the handler returned. */
  make(returned: unknown): RedirectResponse | Promise<RedirectResponse>;
  /** Undefined until the handler has run. */
  made?: RedirectResponse;
}

/** The value that interceptors of the application receive instead of the redirect. It contains no data of the login. */
const PLACEHOLDER = { answeredBy: 'nestjs-oauth-client' };
/** Key of Nest's metadata for the parameters of a handler (`ROUTE_ARGS_METADATA`). */
export const ROUTE_ARGUMENTS = '__routeArguments__';

/** The parameter in which the wrapper of a handler receives the request: no handler, and none that overrides it, has so many. */
const REQUEST_INDEX = 30;

type HandlerFunction = (this: unknown, ...args: unknown[]) => unknown;
const wrappers = new WeakSet<object>();

/** The redirects by their request, and by its response. */
const pending = new WeakMap<object, PendingRedirect>();

/** Makes the route respond with the redirect that `make` returns. Must be called in a guard, before the handler runs. */
export function redirectAfterHandler(context: ExecutionContext, make: PendingRedirect['make']): void {
  const http = context.switchToHttp();
  const redirect = { context, make };
  pending.set(http.getRequest<object>(), redirect);
  pending.set(http.getResponse<object>(), redirect);
}

/** @param owner the request or the response */
export function pendingRedirectOf(owner: unknown): PendingRedirect | undefined {
  return typeof owner === 'object' && owner !== null ? pending.get(owner) : undefined;
}

/** Returns whether a value contains the placeholder of a redirect, such as after a cache or a wrapper changed the value. */
export function isPlaceholder(value: unknown): boolean {
  try {
    return (JSON.stringify(value) as string | undefined)?.includes(PLACEHOLDER.answeredBy) === true;
  } catch {
    return false;
  }
}

/**
 * Wraps a handler: makes the redirect of the request from the value that the handler returns, and returns a placeholder, so that no
 * interceptor sees the redirect. (An interceptor that does this takes a tenth of the time of a login; see the bench `login-redirect`.)
 */
export function wrapHandler({ owner, key, callback }: ApplicationHandler): void {
  if (wrappers.has(callback)) return; // another application of this process has the same controller
  const handler = callback as HandlerFunction;
  const count = parameterCount(owner, key, handler);
  Req()(owner, key, REQUEST_INDEX);
  const wrapper: HandlerFunction = function (...args) {
    const redirect = pendingRedirectOf(args[REQUEST_INDEX]);
    const returned = handler.apply(this, args.length > REQUEST_INDEX ? args.slice(0, count) : args);
    return redirect ? placeholderFor(redirect, returned) : returned;
  };
  Object.defineProperty(wrapper, 'name', { value: handler.name, configurable: true });
  for (const name of Reflect.getMetadataKeys(handler) as string[]) {
    Reflect.defineMetadata(name, Reflect.getMetadata(name, handler), wrapper);
  }
  wrappers.add(wrapper);
  Object.defineProperty(owner, key, { value: wrapper, configurable: true, writable: true, enumerable: false });
}

async function placeholderFor(redirect: PendingRedirect, returned: unknown): Promise<object> {
  const value = await returned;
  const last: unknown = isObservable(value) ? await lastValueFrom(value, NOTHING) : value;
  // an interceptor may have answered in the meantime, such as after a time-out
  const isSent = isResponseSent(redirect.context.switchToHttp().getResponse());
  if (!isSent) redirect.made = await redirect.make(last);
  return { ...PLACEHOLDER };
}

const NOTHING = { defaultValue: undefined };

/** Returns the number of parameters of a handler, also of those that have a default value. */
function parameterCount(target: object, key: string | symbol, handler: HandlerFunction): number {
  const decorated = fieldsOf(Reflect.getMetadata(ROUTE_ARGUMENTS, target.constructor, key));
  const indexes = Object.values(decorated).map((parameter) => Number(fieldsOf(parameter).index));
  return Math.max(handler.length, ...indexes.filter((index) => index < REQUEST_INDEX).map((index) => index + 1));
}
