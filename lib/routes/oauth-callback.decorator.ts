import { createParamDecorator } from '@nestjs/common';
import { keepLoginResult, loginResultOf, returnToOf } from './login-result.js';
import { oauthRoute } from './oauth-route.js';
import { clientOfRoute, routeOf } from './route-client.js';

/**
 * Makes a route the end of a login: the callback is checked against the pending login and the token is fetched before the
 * handler runs. Read the result with `@OAuthToken()`, `@OAuthAccount()`, `@OAuthUserInfo()` and `@OAuthReturnTo()`.
 *
 * @param clients the client's name, or a list of names that the route's `:provider` must be one of; if omitted, `:provider`
 * may name any client that signs users in
 *
 * @example
 * @Get('twitter/callback')
 * @OAuthCallback('twitter')
 * callback(@OAuthToken() token: OAuth1Token, @OAuthReturnTo() returnTo: string) {}
 */
export function OAuthCallback(clients?: string | readonly string[]): MethodDecorator;
/** @internal A callback has no options: those that are given are reported at start-up. */
export function OAuthCallback(clients?: string | readonly string[] | object, options?: object): MethodDecorator;
export function OAuthCallback(clients?: string | readonly string[] | object, options?: object): MethodDecorator {
  return oauthRoute({
    decorator: '@OAuthCallback()',
    ...routeOf(clients, options),
    optionNames: [],
    isCallback: true,
    enter: async (call) => {
      keepLoginResult(call.request, await clientOfRoute(call).completeLogin(call.request, call.response));
    },
  });
}

/** The user's token: an `OAuth1Token` or an `OAuth2Token`. */
export const OAuthToken = createParamDecorator((_: unknown, context) => loginResultOf(context).token);

/** The path that the login, or the logout, was begun with as `returnTo`; `/` when it named none. */
export const OAuthReturnTo = createParamDecorator((_: unknown, context) => returnToOf(context));

/**
 * Who signed in, a `UserInfo`: claims of the id_token, and with `userInfoFrom: 'userinfo'` what the userinfo endpoint tells.
 * Undefined where no id_token came, or none that could be checked.
 */
export const OAuthUserInfo = createParamDecorator((_: unknown, context) => loginResultOf(context).userInfo);

/**
 * The account that signed in, a `ProviderAccount`: key your users by its `client` and `subject`. Undefined where the provider
 * does not say who the user is.
 */
export const OAuthAccount = createParamDecorator((_: unknown, context) => loginResultOf(context).account);
