import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { mergeMap, type Observable } from 'rxjs';
import { OAuthRegistry } from '../oauth.registry.js';
import { requireParams } from '../oauth2/authorization/read-params.js';
import { requireNavigation } from '../remote-app/navigation.js';
import type { RedirectResponse } from '../remote-app/login.js';
import type { LogoutRedirectParams } from '../remote-app/logout.js';
import { openIdClientOfRoute, type ClientRoute } from './route-client.js';
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

export const OAUTH_LOGOUT = Reflector.createDecorator<OAuthLogoutRoute>();

/** Turns what a logout handler returns into the redirect to the provider. `@OAuthLogout()` sets it up. */
@Injectable()
export class OAuthLogoutInterceptor implements NestInterceptor<LogoutRedirectParams | undefined, RedirectResponse> {
  constructor(
    private readonly registry: OAuthRegistry,
    private readonly reflector: Reflector,
  ) {}

  intercept(
    context: ExecutionContext,
    next: CallHandler<LogoutRedirectParams | undefined>,
  ): Observable<RedirectResponse> {
    const { clients, postLogoutRedirectUri } = this.reflector.get(OAUTH_LOGOUT, context.getHandler());
    const request = requestOf(context);
    const app = openIdClientOfRoute(this.registry, clients, request);
    requireNavigation(request); // before the handler ends the session here
    return next
      .handle()
      .pipe(
        mergeMap((params) =>
          app.logoutRedirect(request, { postLogoutRedirectUri, ...requireParams(params, 'logout') }),
        ),
      );
  }
}
