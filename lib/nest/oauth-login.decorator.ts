import { applyDecorators, Redirect, UseInterceptors } from '@nestjs/common';
import { OAUTH_LOGIN, OAuthLoginInterceptor, type OAuthLoginOptions } from './oauth-login.interceptor.js';
import { routeOf } from './route-client.js';

/**
 * Makes a route the beginning of a login: it answers with the redirect to the provider. What the handler returns are that
 * login's own parameters (see {@link OAuthLoginParams}); it may return nothing.
 *
 * @param clients the client's name, or a list of names that the route's `:provider` must be one of; if omitted, `:provider`
 * may name any client that signs users in
 *
 * @example
 * @Get('twitter/login')
 * @OAuthLogin('twitter', { redirectUri: '/auth/twitter/callback' })
 * login(@Query('next') next?: string) {
 *   return { returnTo: next };
 * }
 */
export function OAuthLogin(clients?: string | readonly string[], options?: OAuthLoginOptions): MethodDecorator;
export function OAuthLogin(options: OAuthLoginOptions): MethodDecorator;
export function OAuthLogin(
  first?: string | readonly string[] | OAuthLoginOptions,
  second?: OAuthLoginOptions,
): MethodDecorator {
  return applyDecorators(OAUTH_LOGIN(routeOf(first, second)), UseInterceptors(OAuthLoginInterceptor), Redirect());
}
