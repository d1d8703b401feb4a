import { applyDecorators, HttpCode, Render } from '@nestjs/common';
import { requireParams } from '../oauth2/authorization/read-params.js';
import type { LogoutRedirectParams } from '../remote-app/logout.js';
import { requireNavigation } from '../remote-app/navigation.js';
import { refusePrefetch } from '../remote-app/prefetch.js';
import { keepReturnTo } from './login-result.js';
import { oauthRoute, type OAuthRoute } from './oauth-route.js';
import { redirectAfterHandler } from './redirect-interceptor.js';
import { REDIRECT_VIEW } from './redirect-sender.js';
import { openIdClientOfRoute, routeOf, type RouteClients } from './route-client.js';

/** How a logout route is set up; see `@OAuthLogout()`. */
export interface OAuthLogoutOptions {
  /**
   * Where the provider sends the user back to, a route with `@OAuthLogoutCallback()`: absolute, or relative as the
   * `redirectUri` of a login. `:provider` in it stands for the client's name.
   */
  postLogoutRedirectUri?: string;
}

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
  const { clients, options } = routeOf<OAuthLogoutOptions>(first, second);
  const { postLogoutRedirectUri } = options;
  const route = oauthRoute({
    decorator: '@OAuthLogout()',
    clients,
    options,
    optionNames: ['postLogoutRedirectUri'],
    redirectUri: { option: 'postLogoutRedirectUri', value: postLogoutRedirectUri },
    enter: (call) => {
      const app = openIdClientOfRoute(call);
      refusePrefetch(call.request); // before the handler ends the session here
      requireNavigation(call.request);
      redirectAfterHandler(call.context, (returned) => {
        const params: LogoutRedirectParams = requireParams(returned, 'logout');
        return app.logoutRedirect(call.request, call.response, { postLogoutRedirectUri, ...params });
      });
    },
  });
  return applyDecorators(route, Render(REDIRECT_VIEW));
}

/**
 * Makes a route the end of a logout: the callback is checked against the pending logout before the handler runs. Read where
 * the user goes with `@OAuthReturnTo()`.
 *
 * @param clients the client's name, or a list of names that the route's `:provider` must be one of; if omitted, `:provider`
 * may name any client that signs users in
 */
export function OAuthLogoutCallback(clients?: string | readonly string[]): MethodDecorator {
  return logoutRoute(clients, {
    isCallback: true,
    enter: async (call) => {
      const { returnTo } = await openIdClientOfRoute(call).validateLogoutResponse(call.request, call.response);
      keepReturnTo(call.request, returnTo);
    },
  });
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
  const route = logoutRoute(clients, { enter: (call) => openIdClientOfRoute(call).backchannelLogout(call.request) });
  return applyDecorators(route, HttpCode(200));
}

/**
 * Makes a route what the provider loads in a frame when the user signs out there (OpenID Connect Front-Channel Logout 1.0):
 * `iss` and `sid` are checked against the user's token before the handler runs, which ends the session here.
 *
 * @param clients the client's name, or a list of names that the route's `:provider` must be one of; if omitted, `:provider`
 * may name any client that signs users in
 */
export function OAuthFrontchannelLogout(clients?: string | readonly string[]): MethodDecorator {
  return logoutRoute(clients, { enter: (call) => openIdClientOfRoute(call).frontchannelLogout(call.request) });
}

function logoutRoute(clients: RouteClients, route: Pick<OAuthRoute, 'enter' | 'isCallback'>): MethodDecorator {
  return oauthRoute({ ...route, ...routeOf(clients), decorator: 'the decorator of the logout', optionNames: [] });
}
