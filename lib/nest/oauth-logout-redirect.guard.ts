import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { OAuthRegistry } from '../oauth.registry.js';
import { requireParams } from '../oauth2/authorization/read-params.js';
import { requireNavigation } from '../remote-app/navigation.js';
import { refusePrefetch } from '../remote-app/prefetch.js';
import type { LogoutRedirectParams } from '../remote-app/logout.js';
import type { RedirectingRoute } from './redirecting-handler.js';
import { openIdClientOfRoute, type ClientRoute } from './route-client.js';
import { RouteRedirects } from './route-redirects.js';
import { requestOf } from './route-request.js';

/** How a logout route is set up; see `@OAuthLogout()`. */
export interface OAuthLogoutOptions {
  /**
   * Where the provider sends the user back to, a route with `@OAuthLogoutCallback()`: absolute, or relative as the
   * `redirectUri` of a login. `:provider` in it stands for the client's name.
   */
  postLogoutRedirectUri?: string;
}

export type OAuthLogoutRoute = OAuthLogoutOptions & ClientRoute;

export const OAUTH_LOGOUT = Reflector.createDecorator<RedirectingRoute<OAuthLogoutRoute>>();

/** Turns what a logout handler returns into the redirect to the provider. `@OAuthLogout()` sets it up. */
@Injectable()
export class OAuthLogoutRedirectGuard implements CanActivate {
  constructor(
    private readonly registry: OAuthRegistry,
    private readonly reflector: Reflector,
    private readonly redirects: RouteRedirects,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const route = this.reflector.get(OAUTH_LOGOUT, context.getHandler());
    const { postLogoutRedirectUri, clients } = route;
    const request = requestOf(context);
    this.redirects.prepare(context, route, async (handle) => {
      const app = openIdClientOfRoute(this.registry, clients, request);
      refusePrefetch(request); // before the handler ends the session here
      requireNavigation(request);
      const params: LogoutRedirectParams = requireParams(await handle(), 'logout');
      return app.logoutRedirect(request, { postLogoutRedirectUri, ...params });
    });
    return true;
  }
}
