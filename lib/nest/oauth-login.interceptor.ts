import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { mergeMap, type Observable } from 'rxjs';
import { OAuthRegistry } from '../oauth.registry.js';
import { requireParams } from '../oauth2/authorization/read-params.js';
import type { LoginParams, RedirectResponse } from '../remote-app/login.js';
import { clientOfRoute, type ClientRoute } from './route-client.js';
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

export const OAUTH_LOGIN = Reflector.createDecorator<OAuthLoginRoute>();

/** Turns what a login handler returns into the redirect to the provider. `@OAuthLogin()` sets it up. */
@Injectable()
export class OAuthLoginInterceptor implements NestInterceptor<OAuthLoginParams | undefined, RedirectResponse> {
  constructor(
    private readonly registry: OAuthRegistry,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<OAuthLoginParams | undefined>): Observable<RedirectResponse> {
    const { clients, redirectUri } = this.reflector.get(OAUTH_LOGIN, context.getHandler());
    const request = requestOf(context);
    const app = clientOfRoute(this.registry, clients, request);
    return next.handle().pipe(
      mergeMap((params) => {
        const { redirectUri: own, ...rest }: OAuthLoginParams = requireParams(params, 'login');
        return app.authorizeRedirect(request, own === undefined || own === '' ? redirectUri : own, rest);
      }),
    );
  }
}
