import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { OAuthRegistry } from '../oauth.registry.js';
import { requireParams } from '../oauth2/authorization/read-params.js';
import type { LoginParams } from '../remote-app/login.js';
import type { RedirectingRoute } from './redirecting-handler.js';
import { clientOfRoute, type ClientRoute } from './route-client.js';
import { RouteRedirects } from './route-redirects.js';
import { requestOf } from './route-request.js';

/** How a login route is set up; see `@OAuthLogin()`. */
export interface OAuthLoginOptions {
  /**
   * Where the provider sends the user back to: absolute, or relative to `baseUrl`; without `baseUrl`, relative to the
   * request's own address when its host is this machine or one of `allowedHosts`. `:provider` in it stands for the client's
   * name.
   */
  redirectUri?: string;
}

/**
 * What a login handler may return: that login's own parameters. Take single ones from a query: whoever writes a link must not
 * choose `state`, `nonce`, `codeVerifier` or `redirectUri`.
 */
export interface OAuthLoginParams extends LoginParams {
  /** Instead of the one of the decorator. */
  redirectUri?: string;
}

export type OAuthLoginRoute = OAuthLoginOptions & ClientRoute;

export const OAUTH_LOGIN = Reflector.createDecorator<RedirectingRoute<OAuthLoginRoute>>();

/** Turns what a login handler returns into the redirect to the provider. `@OAuthLogin()` sets it up. */
@Injectable()
export class OAuthLoginGuard implements CanActivate {
  constructor(
    private readonly registry: OAuthRegistry,
    private readonly reflector: Reflector,
    private readonly redirects: RouteRedirects,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const route = this.reflector.get(OAUTH_LOGIN, context.getHandler());
    const request = requestOf(context);
    this.redirects.prepare(context, route, async (handle) => {
      const app = clientOfRoute(this.registry, route.clients, request);
      const { redirectUri: own, ...params }: OAuthLoginParams = requireParams(await handle(), 'login');
      return app.authorizeRedirect(request, own === undefined || own === '' ? route.redirectUri : own, params);
    });
    return true;
  }
}
