import { applyDecorators, HttpCode, Render } from '@nestjs/common';
import { requireParams } from '../oauth2/authorization/read-params.js';
import type { LogoutRedirectParams } from '../remote-app/logout.js';
import { requireNavigation } from '../remote-app/navigation.js';
import { refusePrefetch } from '../remote-app/prefetch.js';
import { keepReturnTo } from './login-result.js';
import { oauthRoute, type OAuthRoute } from './oauth-route.js';
import { redirectAfterHandler } from './handler-redirect.js';
import { REDIRECT_VIEW } from './redirect-sender.js';
import { openIdClientOfRoute, routeOf, type RouteClients } from './route-client.js';

/** Options of `@OAuthLogout()`. */
export interface OAuthLogoutOptions {
  /**
   * The URI of a route with `@OAuthLogoutCallback()`, to which the provider sends the user back: absolute, or relative like
   * the `redirectUri` of a login. `:provider` is replaced by the client's name.
   */
  postLogoutRedirectUri?: string;
}

/**
 * Makes a route the start of a logout that also ends the provider's session (OpenID Connect RP-Initiated Logout 1.0). The
 * handler ends the application's session, and returns parameters of the logout. Return at least `idTokenHint`.
 *
 * @param clients the client's name, or a list of names that the route accepts as `:provider`. If omitted, `:provider` may be
 * any client that can sign users in
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
    enter: async (call) => {
      const app = await openIdClientOfRoute(call);
      refusePrefetch(call.request); // before the handler ends the application's session
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
 * Makes a route the callback of a logout. Before the handler runs, the callback is checked against the pending logout. Read
 * the path to redirect to with `@OAuthReturnTo()`.
 *
 * @param clients the client's name, or a list of names that the route accepts as `:provider`. If omitted, `:provider` may be
 * any client that can sign users in
 */
export function OAuthLogoutCallback(clients?: string | readonly string[]): MethodDecorator {
  return logoutRoute(clients, {
    isCallback: true,
    enter: async (call) => {
      const app = await openIdClientOfRoute(call);
      const { returnTo } = await app.validateLogoutResponse(call.request, call.response);
      keepReturnTo(call.request, returnTo);
    },
  });
}

/**
 * Makes a `@Post()` route the back-channel logout URI, which the provider calls when a user signs out at the provider (OpenID
 * Connect Back-Channel Logout 1.0). Before the handler runs, the logout token is checked and `onBackchannelLogout` is called.
 *
 * @param clients the client's name, or a list of names that the route accepts as `:provider`. If omitted, `:provider` may be
 * any client that can sign users in
 *
 * @example
 * @Post('harbour/backchannel-logout')
 * @OAuthBackchannelLogout('harbour')
 * signedOutThere() {}
 */
export function OAuthBackchannelLogout(clients?: string | readonly string[]): MethodDecorator {
  const route = logoutRoute(clients, {
    enter: async (call) => (await openIdClientOfRoute(call)).backchannelLogout(call.request),
  });
  return applyDecorators(route, HttpCode(200));
}

/**
 * Makes a route the front-channel logout URI, which the provider loads in an iframe when the user signs out at the provider
 * (OpenID Connect Front-Channel Logout 1.0). `iss` and `sid` are checked against the user's token before the handler runs. The
 * handler ends the application's session.
 *
 * @param clients the client's name, or a list of names that the route accepts as `:provider`. If omitted, `:provider` may be
 * any client that can sign users in
 */
export function OAuthFrontchannelLogout(clients?: string | readonly string[]): MethodDecorator {
  return logoutRoute(clients, {
    enter: async (call) => (await openIdClientOfRoute(call)).frontchannelLogout(call.request),
  });
}

function logoutRoute(clients: RouteClients, route: Pick<OAuthRoute, 'enter' | 'isCallback'>): MethodDecorator {
  return oauthRoute({ ...route, ...routeOf(clients), decorator: 'the decorator of the logout', optionNames: [] });
}
