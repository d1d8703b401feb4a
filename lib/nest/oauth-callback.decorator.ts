import { applyDecorators, createParamDecorator, Header, UseGuards } from '@nestjs/common';
import { loginResultOf } from './login-result.js';
import { OAUTH_CALLBACK, OAuthCallbackGuard, type OAuthCallbackOptions } from './oauth-callback.guard.js';

/**
 * Makes a route the end of a login: the callback is checked against the pending login and the token is fetched before the
 * handler runs. Read the result with `@OAuthToken()`, `@OAuthReturnTo()` and `@OAuthUserInfo()`.
 *
 * @param name the client; without it, the route's `:provider` parameter names it
 *
 * @example
 * @Get('twitter/callback')
 * @OAuthCallback('twitter')
 * callback(@OAuthToken() token: OAuth1Token, @OAuthReturnTo() returnTo: string) {}
 */
export function OAuthCallback(name?: string, options?: OAuthCallbackOptions): MethodDecorator;
export function OAuthCallback(options: OAuthCallbackOptions): MethodDecorator;
export function OAuthCallback(first?: string | OAuthCallbackOptions, second?: OAuthCallbackOptions): MethodDecorator {
  const route = typeof first === 'object' ? first : { name: first, ...second };
  return applyDecorators(OAUTH_CALLBACK(route), UseGuards(OAuthCallbackGuard), Header('Cache-Control', 'no-store'));
}

/** The user's token: an `OAuth1Token` or an `OAuth2Token`. */
export const OAuthToken = createParamDecorator((_: unknown, context) => loginResultOf(context).token);

/** The path that the login was begun with as `returnTo`; `/` when it named none. */
export const OAuthReturnTo = createParamDecorator((_: unknown, context) => loginResultOf(context).returnTo);

/** Claims of the id_token that came with the token; undefined where none came, or none that could be checked. */
export const OAuthUserInfo = createParamDecorator((_: unknown, context) => loginResultOf(context).userInfo);
