import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { OAuthRegistry } from '../oauth.registry.js';
import { keepReturnTo } from './login-result.js';
import { openIdClientOfRoute, type ClientRoute } from './route-client.js';
import { requestOf } from './route-request.js';

export interface OAuthLogoutRequestRoute extends ClientRoute {
  /** What comes in: the user who is back, the provider itself, or a frame of the provider's. */
  kind: 'callback' | 'backchannel' | 'frontchannel';
}

export const OAUTH_LOGOUT_REQUEST = Reflector.createDecorator<OAuthLogoutRequestRoute>();

/** Lets a request about a logout through to its handler when it is good. The decorators of logouts set it up. */
@Injectable()
export class OAuthLogoutGuard implements CanActivate {
  constructor(
    private readonly registry: OAuthRegistry,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { clients, kind } = this.reflector.get(OAUTH_LOGOUT_REQUEST, context.getHandler());
    const request = requestOf(context);
    const app = openIdClientOfRoute(this.registry, clients, request);
    switch (kind) {
      case 'callback':
        keepReturnTo(request, (await app.validateLogoutResponse(request)).returnTo);
        return true;
      case 'backchannel':
        await app.backchannelLogout(request);
        return true;
      case 'frontchannel':
        await app.frontchannelLogout(request);
        return true;
    }
  }
}
