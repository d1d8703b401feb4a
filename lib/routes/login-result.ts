import type { ExecutionContext } from '@nestjs/common';
import type { OAuthRequest } from '../common/oauth-request.js';
import type { LoginResult } from '../remote-app/login.js';

/** Results by request: nothing on the request itself, where a logger would find the token. */
const results = new WeakMap<OAuthRequest, LoginResult>();
/** Where the user goes, by the request that ends a login or a logout. */
const returnPaths = new WeakMap<OAuthRequest, string>();

export function keepLoginResult(request: OAuthRequest, result: LoginResult): void {
  results.set(request, result);
  keepReturnTo(request, result.returnTo);
}

export function keepReturnTo(request: OAuthRequest, returnTo: string): void {
  returnPaths.set(request, returnTo);
}

/** @throws {TypeError} in a handler without `@OAuthCallback()` */
export function loginResultOf(context: ExecutionContext): LoginResult {
  return keptIn(results, context, '@OAuthCallback()');
}

/** @throws {TypeError} in a handler that ends neither a login nor a logout */
export function returnToOf(context: ExecutionContext): string {
  return keptIn(returnPaths, context, '@OAuthCallback() or @OAuthLogoutCallback()');
}

function keptIn<T>(kept: WeakMap<OAuthRequest, T>, context: ExecutionContext, decorator: string): T {
  const value = kept.get(context.switchToHttp().getRequest<OAuthRequest>());
  if (value !== undefined) return value;
  const handler = `${context.getClass().name}.${context.getHandler().name}`;
  throw new TypeError(`${handler}() reads the result of a login: put ${decorator} on it`);
}
