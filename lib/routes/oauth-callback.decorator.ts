import { createParamDecorator } from '@nestjs/common';
import { keepLoginResult, loginResultOf, returnToOf } from './login-result.js';
import { oauthRoute } from './oauth-route.js';
import { clientOfRoute, routeOf } from './route-client.js';

/**
 * Makes a route the callback of a login. Before the handler runs, the callback is checked against the pending login and the
 * token is fetched. Read the result with `@OAuthToken()`, `@OAuthAccount()`, `@OAuthUserInfo()` and `@OAuthReturnTo()`.
 *
 * @param clients the client's name, or a list of names that the route accepts as `:provider`. If omitted, `:provider` may be
 * any client that can sign users in
 *
 * @example
 * @Get('twitter/callback')
 * @OAuthCallback('twitter')
 * callback(@OAuthToken() token: OAuth1Token, @OAuthReturnTo() returnTo: string) {}
 */
export function OAuthCallback(clients?: string | readonly string[]): MethodDecorator;
/** @internal A callback has no options. Options that are passed anyway are reported at start-up. */
export function OAuthCallback(clients?: string | readonly string[] | object, options?: object): MethodDecorator;
export function OAuthCallback(clients?: string | readonly string[] | object, options?: object): MethodDecorator {
  return oauthRoute({
    decorator: '@OAuthCallback()',
    ...routeOf(clients, options),
    optionNames: [],
    isCallback: true,
    enter: async (call) => {
      const app = await clientOfRoute(call);
      keepLoginResult(call.request, await app.completeLogin(call.request, call.response));
    },
  });
}

/** Injects the user's token: an `OAuth1Token` or an `OAuth2Token`. */
export const OAuthToken = createParamDecorator((_: unknown, context) => loginResultOf(context).token);

/** Injects the `returnTo` path of the login or logout, or `/` if the login or logout was started without `returnTo`. */
export const OAuthReturnTo = createParamDecorator((_: unknown, context) => returnToOf(context));

/**
 * Injects the `UserInfo` of the user who signed in: the claims that the client's `profile` describes, or those of the id_token, and
 * with `userInfoFrom: 'userinfo'` those of the userinfo endpoint. Undefined if there is no `profile` and no id_token that can be
 * checked.
 */
export const OAuthUserInfo = createParamDecorator((_: unknown, context) => loginResultOf(context).userInfo);

/**
 * Injects the `ProviderAccount` that signed in. Identify your users by its `client` and `subject`. Undefined if the provider
 * does not identify the user.
 */
export const OAuthAccount = createParamDecorator((_: unknown, context) => loginResultOf(context).account);
