import { applyDecorators, HttpCode, UseGuards } from '@nestjs/common';
import { OAUTH_LOGOUT, OAuthLogoutRedirectGuard, type OAuthLogoutOptions } from './oauth-logout-redirect.guard.js';
import { OAUTH_LOGOUT_REQUEST, OAuthLogoutGuard, type OAuthLogoutRequestRoute } from './oauth-logout.guard.js';
import { redirectingHandler, redirectingIfDecorated } from './redirecting-handler.js';
import { routeOf } from './route-client.js';

/**
 * Makes a route the beginning of a logout that ends the provider's session too (OpenID Connect RP-Initiated Logout 1.0).
 * The handler ends the session here, and returns that logout's own parameters, of which `idTokenHint` is the one to give.
 *
 * @param clients the client's name, or a list of names that the route's `:provider` must be one of; if omitted, `:provider`
 * may name any client that signs users in
 *
 * @example
 * @Get('harbour/logout')
 * @OAuthLogout('harbour', { postLogoutRedirectUri: '/auth/harbour/signed-out' })
 * async logout(@Req() request: Request) {
 *   const idTokenHint = request.session.idToken;
 *   await regenerateSession(request);
 *   return { idTokenHint };
 * }
 */
export function OAuthLogout(clients?: string | readonly string[], options?: OAuthLogoutOptions): MethodDecorator;
export function OAuthLogout(options: OAuthLogoutOptions): MethodDecorator;
export function OAuthLogout(
  first?: string | readonly string[] | OAuthLogoutOptions,
  second?: OAuthLogoutOptions,
): MethodDecorator {
  return redirectingHandler(routeOf(first, second), OAUTH_LOGOUT, () => UseGuards(OAuthLogoutRedirectGuard));
}

/**
 * Makes a route the end of a logout: the callback is checked against the pending logout before the handler runs. Read where
 * the user goes with `@OAuthReturnTo()`.
 *
 * @param clients the client's name, or a list of names that the route's `:provider` must be one of; if omitted, `:provider`
 * may name any client that signs users in
 */
export function OAuthLogoutCallback(clients?: string | readonly string[]): MethodDecorator {
  return logoutRequest({ ...routeOf<object>(clients), kind: 'callback' });
}

/**
 * Makes a `@Post()` route what the provider calls when a user signed out there (OpenID Connect Back-Channel Logout 1.0): the
 * logout token is checked, and the `onBackchannelLogout` of the token store is told, before the handler runs.
 *
 * @param clients the client's name, or a list of names that the route's `:provider` must be one of; if omitted, `:provider`
 * may name any client that signs users in
 *
 * @example
 * @Post('harbour/backchannel-logout')
 * @OAuthBackchannelLogout('harbour')
 * signedOutThere() {}
 */
export function OAuthBackchannelLogout(clients?: string | readonly string[]): MethodDecorator {
  return applyDecorators(logoutRequest({ ...routeOf<object>(clients), kind: 'backchannel' }), HttpCode(200));
}

/**
 * Makes a route what the provider loads in a frame when the user signs out there (OpenID Connect Front-Channel Logout 1.0):
 * `iss` and `sid` are checked against the user's token before the handler runs, which ends the session here.
 *
 * @param clients the client's name, or a list of names that the route's `:provider` must be one of; if omitted, `:provider`
 * may name any client that signs users in
 */
export function OAuthFrontchannelLogout(clients?: string | readonly string[]): MethodDecorator {
  return logoutRequest({ ...routeOf<object>(clients), kind: 'frontchannel' });
}

function logoutRequest(route: OAuthLogoutRequestRoute): MethodDecorator {
  return redirectingIfDecorated(route, OAUTH_LOGOUT_REQUEST, () => UseGuards(OAuthLogoutGuard));
}
