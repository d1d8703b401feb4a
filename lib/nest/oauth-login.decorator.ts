import { UseGuards } from '@nestjs/common';
import { OAUTH_LOGIN, OAuthLoginGuard, type OAuthLoginOptions } from './oauth-login.guard.js';
import { redirectingHandler } from './redirecting-handler.js';
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
  return redirectingHandler(routeOf(first, second), OAUTH_LOGIN, () => UseGuards(OAuthLoginGuard));
}
