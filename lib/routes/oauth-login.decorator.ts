import { applyDecorators, Render } from '@nestjs/common';
import { requireParams } from '../oauth2/authorization/read-params.js';
import type { LoginParams } from '../remote-app/login.js';
import { oauthRoute } from './oauth-route.js';
import { redirectAfterHandler } from './handler-redirect.js';
import { REDIRECT_VIEW } from './redirect-sender.js';
import { clientOfRoute, routeOf } from './route-client.js';

/** Options of `@OAuthLogin()`. */
export interface OAuthLoginOptions {
  /**
   * The redirect URI, to which the provider sends the user back: absolute, or relative to `baseUrl`. Without `baseUrl`, it is
   * relative to the URL of the request, if the request's host is this machine or one of `allowedHosts`. `:provider` is
   * replaced by the client's name.
   */
  redirectUri?: string;
}

/**
 * The parameters that a login handler may return for its login. Copy single parameters from the query, never the whole query:
 * the author of a link must not choose `state`, `nonce`, `codeVerifier` or `redirectUri`.
 */
export interface OAuthLoginParams extends LoginParams {
  /** The redirect URI of this login. @default the `redirectUri` of the decorator */
  redirectUri?: string;
}

/**
 * Makes a route the start of a login: the route responds with the redirect to the provider. The handler may return
 * parameters of the login (see {@link OAuthLoginParams}).
 *
 * @param clients the client's name, or a list of names that the route accepts as `:provider`. If omitted, `:provider` may be
 * any client that can sign users in
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
    enter: async (call) => {
      const app = await clientOfRoute(call);
      redirectAfterHandler(call.context, (returned) => {
        const { redirectUri, ...params }: OAuthLoginParams = requireParams(returned, 'login');
        const returnedUri = redirectUri === '' ? undefined : redirectUri;
        return app.authorizeRedirect(call.request, call.response, returnedUri ?? options.redirectUri, params);
      });
    },
  });
  return applyDecorators(route, Render(REDIRECT_VIEW));
}
