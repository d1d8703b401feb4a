import { applyDecorators, Render } from '@nestjs/common';
import { requireParams } from '../oauth2/authorization/read-params.js';
import type { LoginParams } from '../remote-app/login.js';
import { oauthRoute } from './oauth-route.js';
import { redirectAfterHandler } from './redirect-interceptor.js';
import { REDIRECT_VIEW } from './redirect-sender.js';
import { clientOfRoute, routeOf } from './route-client.js';

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
  const { clients, options } = routeOf<OAuthLoginOptions>(first, second);
  const route = oauthRoute({
    decorator: '@OAuthLogin()',
    clients,
    options,
    optionNames: ['redirectUri'],
    redirectUri: { option: 'redirectUri', value: options.redirectUri },
    enter: (call) => {
      const app = clientOfRoute(call);
      redirectAfterHandler(call.context, (returned) => {
        const { redirectUri, ...params }: OAuthLoginParams = requireParams(returned, 'login');
        const own = redirectUri === '' ? undefined : redirectUri;
        return app.authorizeRedirect(call.request, call.response, own ?? options.redirectUri, params);
      });
    },
  });
  return applyDecorators(route, Render(REDIRECT_VIEW));
}
