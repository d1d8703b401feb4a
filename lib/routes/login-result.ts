import type { ExecutionContext } from '@nestjs/common';
import type { OAuthRequest } from '../common/oauth-request.js';
import type { LoginResult } from '../remote-app/login.js';

/** Login results by request. They are not properties of the request, because a logger could print the token. */
const results = new WeakMap<OAuthRequest, LoginResult>();
/** The `returnTo` of the login or logout that a request completes. */
const returnPaths = new WeakMap<OAuthRequest, string>();

export function keepLoginResult(request: OAuthRequest, result: LoginResult): void {
  results.set(request, result);
  keepReturnTo(request, result.returnTo);
}

export function keepReturnTo(request: OAuthRequest, returnTo: string): void {
  returnPaths.set(request, returnTo);
}

/**
 * Returns the result of the login that the request completed.
 * @throws {TypeError} when the handler does not have `@OAuthCallback()`
 */
export function loginResultOf(context: ExecutionContext): LoginResult {
  return keptIn(results, context, '@OAuthCallback()');
}

/**
 * Returns the `returnTo` of the login or logout that the request completed.
 * @throws {TypeError} when the handler has neither `@OAuthCallback()` nor `@OAuthLogoutCallback()`
 */
export function returnToOf(context: ExecutionContext): string {
  return keptIn(returnPaths, context, '@OAuthCallback() or @OAuthLogoutCallback()');
}

function keptIn<T>(kept: WeakMap<OAuthRequest, T>, context: ExecutionContext, decorator: string): T {
  const value = kept.get(context.switchToHttp().getRequest<OAuthRequest>());
  if (value !== undefined) return value;
  const handler = `${context.getClass().name}.${context.getHandler().name}`;
  throw new TypeError(`${handler}() reads the result of a login: put ${decorator} on it`);
}
