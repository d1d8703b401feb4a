import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { RequestParameters } from '../config/client-settings.js';
import { OAuthRegistry } from '../oauth.registry.js';
import { keepLoginResult } from './login-result.js';
import type { MaybeRedirecting } from './redirecting-handler.js';
import { clientOfRoute, type ClientRoute } from './route-client.js';
import { RouteRedirects } from './route-redirects.js';
import { requestOf } from './route-request.js';

/** How a callback route is set up; see `@OAuthCallback()`. */
export interface OAuthCallbackOptions {
  /** Further parameters of the token request, by their wire names. */
  params?: RequestParameters;
}

export type OAuthCallbackRoute = OAuthCallbackOptions & ClientRoute;

export const OAUTH_CALLBACK = Reflector.createDecorator<MaybeRedirecting<OAuthCallbackRoute>>();

/** Lets a callback through to its handler when the login that it finishes is good. `@OAuthCallback()` sets it up. */
@Injectable()
export class OAuthCallbackGuard implements CanActivate {
  constructor(
    private readonly registry: OAuthRegistry,
    private readonly reflector: Reflector,
    private readonly redirects: RouteRedirects,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const route = this.reflector.get(OAUTH_CALLBACK, context.getHandler());
    const request = requestOf(context);
    const app = clientOfRoute(this.registry, route.clients, request);
    keepLoginResult(request, await app.completeLogin(request, route.params));
    this.redirects.prepareDecorated(context, route);
    return true;
  }
}
