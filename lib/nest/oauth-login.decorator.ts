import { applyDecorators, Header, Redirect, UseInterceptors } from '@nestjs/common';
import { OAUTH_LOGIN, OAuthLoginInterceptor, type OAuthLoginOptions } from './oauth-login.interceptor.js';

/**
 * Makes a route the beginning of a login: it answers with the redirect to the provider. What the handler returns are that
 * login's own parameters (see {@link OAuthLoginParams}); it may return nothing.
 *
 * @param name the client; without it, the route's `:provider` parameter names it
 *
 * @example
 * @Get('twitter/login')
 * @OAuthLogin('twitter', { redirectUri: '/auth/twitter/callback' })
 * login(@Query('next') next?: string) {
 *   return { returnTo: next };
 * }
 */
export function OAuthLogin(name?: string, options?: OAuthLoginOptions): MethodDecorator;
export function OAuthLogin(options: OAuthLoginOptions): MethodDecorator;
export function OAuthLogin(first?: string | OAuthLoginOptions, second?: OAuthLoginOptions): MethodDecorator {
  const route = typeof first === 'object' ? first : { name: first, ...second };
  return applyDecorators(
    OAUTH_LOGIN(route),
    UseInterceptors(OAuthLoginInterceptor),
    Redirect(),
    Header('Cache-Control', 'no-store'),
  );
}
