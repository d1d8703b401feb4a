import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { OAuthRequest } from '../oauth-request.js';
import { OAuthRegistry } from '../oauth.registry.js';
import type { OAuth2App } from '../remote-app/oauth2-app.js';
import { keepReturnTo } from './login-result.js';
import type { MaybeRedirecting } from './redirecting-handler.js';
import { openIdClientOfRoute, type ClientRoute } from './route-client.js';
import { RouteRedirects } from './route-redirects.js';
import { requestOf } from './route-request.js';

export interface OAuthLogoutRequestRoute extends ClientRoute {
  /** What comes in: the user who is back, the provider itself, or a frame of the provider's. */
  kind: 'callback' | 'backchannel' | 'frontchannel';
}

export const OAUTH_LOGOUT_REQUEST = Reflector.createDecorator<MaybeRedirecting<OAuthLogoutRequestRoute>>();

/** Lets a request about a logout through to its handler when it is good. The decorators of logouts set it up. */
@Injectable()
export class OAuthLogoutGuard implements CanActivate {
  constructor(
    private readonly registry: OAuthRegistry,
    private readonly reflector: Reflector,
    private readonly redirects: RouteRedirects,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const route = this.reflector.get(OAUTH_LOGOUT_REQUEST, context.getHandler());
    const request = requestOf(context);
    const app = openIdClientOfRoute(this.registry, route.clients, request);
    await this.#check(app, route.kind, request);
    this.redirects.prepareDecorated(context, route);
    return true;
  }

  async #check(app: OAuth2App, kind: OAuthLogoutRequestRoute['kind'], request: OAuthRequest): Promise<void> {
    switch (kind) {
      case 'callback':
        keepReturnTo(request, (await app.validateLogoutResponse(request)).returnTo);
        return;
      case 'backchannel':
        await app.backchannelLogout(request);
        return;
      case 'frontchannel':
        await app.frontchannelLogout(request);
    }
  }
}
