import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { OAuthRegistry } from '../oauth.registry.js';
import { keepReturnTo } from './login-result.js';
import { openIdClientOfRoute } from './route-client.js';
import { requestOf } from './route-request.js';

export interface OAuthLogoutRequestRoute {
  /** Client; without it, the route's `:provider`. */
  name?: string;
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
    const { name, kind } = this.reflector.get(OAUTH_LOGOUT_REQUEST, context.getHandler());
    const request = requestOf(context);
    const app = openIdClientOfRoute(this.registry, name, request);
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
