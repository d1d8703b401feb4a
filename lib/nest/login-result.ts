import type { ExecutionContext } from '@nestjs/common';
import type { OAuthRequest } from '../oauth-request.js';
import type { LoginResult } from '../remote-app/login.js';

/** Results by request: nothing on the request itself, where a logger would find the token. */
const results = new WeakMap<OAuthRequest, LoginResult>();

export function keepLoginResult(request: OAuthRequest, result: LoginResult): void {
  results.set(request, result);
}

/** @throws {TypeError} in a handler without `@OAuthCallback()` */
export function loginResultOf(context: ExecutionContext): LoginResult {
  const result = results.get(context.switchToHttp().getRequest<OAuthRequest>());
  if (result) return result;
  const handler = `${context.getClass().name}.${context.getHandler().name}`;
  throw new TypeError(`${handler}() reads the result of a login: put @OAuthCallback() on it`);
}
