import type { OAuthRequest } from '../common/oauth-request.js';
import { logEvent } from '../common/log.js';
import { OAuthError } from '../errors/oauth.errors.js';
import { requireParams } from '../oauth2/authorization/read-params.js';
import { checkFrontchannelLogout, type FrontchannelLogout } from '../oauth2/openid/frontchannel-logout.js';
import type { LogoutParams } from '../oauth2/openid/logout-request.js';
import { LogoutTokens, type BackchannelLogout } from '../oauth2/openid/logout-token.js';
import type { Provider } from '../oauth2/provider/provider.js';
import { requireResponse, type OAuthResponse } from '../state/oauth-response.js';
import type { TokenRefresh } from '../refresh/token-refresh.js';
import type { AppParts } from './app-parts.js';
import { asPartOf } from './boundary.js';
import { callbackParameters } from './callback-request.js';
import type { RedirectResponse } from './login.js';
import type { LogoutRedirectParams, LogoutResult } from './logout.js';
import { requireNavigation } from './navigation.js';
import { refusePrefetch } from './prefetch.js';
import { checkReturnTo } from './return-to.js';

/** The step of a logout that a custom app class may override. */
interface Steps {
  createLogoutUrl(params: LogoutParams): Promise<{ url: string; state?: string }>;
}

/** Handles the logouts of one client: those that the application starts, and those that the provider reports. */
export class OAuth2Logouts {
  readonly #parts: AppParts;
  readonly #refresh: TokenRefresh;
  readonly #logoutTokens = new LogoutTokens();

  constructor(parts: AppParts, refresh: TokenRefresh) {
    this.#parts = parts;
    this.#refresh = refresh;
  }

  async begin(
    app: Steps,
    request: OAuthRequest,
    response: OAuthResponse,
    logoutParams: LogoutRedirectParams,
  ): Promise<RedirectResponse> {
    requireResponse(response, 'logoutRedirect(request, response, params)');
    const { postLogoutRedirectUri, returnTo, ...params }: LogoutRedirectParams = requireParams(logoutParams, 'logout');
    refusePrefetch(request);
    requireNavigation(request);
    const returnPath = checkReturnTo(returnTo);
    const redirectUri = postLogoutRedirectUri && (await this.#parts.absoluteUri(postLogoutRedirectUri, request));
    const { url, state } = await asPartOf({ name: this.#parts.config.name, step: 'logout' }, () =>
      app.createLogoutUrl({ ...params, postLogoutRedirectUri: redirectUri }),
    );
    if (redirectUri && state !== undefined) {
      await this.#parts.pending.saveLogout(request, response, { state, redirectUri, returnTo: returnPath });
    }
    return { url, statusCode: 302 };
  }

  /** @throws {OAuthError} `invalid_request` when the callback has no state and a user is signed in */
  async finish(request: OAuthRequest, response: OAuthResponse): Promise<LogoutResult> {
    requireResponse(response, 'validateLogoutResponse(request, response)');
    refusePrefetch(request);
    const { state } = callbackParameters(request, ['state']);
    if (!state) return this.#finishWithoutState(request);
    const { redirectUri, returnTo = '/' } = await this.#parts.pending.take('logout', request, response, state);
    return { postLogoutRedirectUri: redirectUri, returnTo };
  }

  /** Refuses the callback if a user is signed in: another site could send the user here to end the session. */
  async #finishWithoutState(request: OAuthRequest): Promise<LogoutResult> {
    if (!(await this.#parts.slots.isSignedIn(request))) return { returnTo: '/' };
    throw new OAuthError('invalid_request', {
      description:
        'the callback of the logout has no "state" parameter, and a user is signed in here; expected the state of a pending logout. ' +
        "For a provider that does not return the state, end the application's session in the handler of @OAuthLogout(), and set " +
        'the module option userOf, which returns whether a user is signed in',
    });
  }

  /**
   * Checks the logout token of a request from the provider (OpenID Connect Back-Channel Logout 1.0 §2.6).
   * @returns a function that notifies the application
   * @throws {OAuthError} `invalid_request` when a check fails, or when the request is not a POST
   */
  async checkLogoutToken(provider: Provider, request: OAuthRequest): Promise<() => Promise<BackchannelLogout>> {
    if (request.method !== 'POST') {
      const description =
        'the logout token was not in a POST request; expected a form in a POST request (Back-Channel Logout §2.5)';
      throw new OAuthError('invalid_request', { description });
    }
    const { logout_token: logoutToken } = callbackParameters(request, ['logout_token']);
    if (!logoutToken) {
      const description = 'the request has no "logout_token"; expected one in the form (Back-Channel Logout §2.5)';
      throw new OAuthError('invalid_request', { description });
    }
    const { logout, forget } = await this.#logoutTokens.use(provider, logoutToken);
    return async () => {
      const { config, context } = this.#parts;
      try {
        await context.tokens.onBackchannelLogout?.({ name: config.name, ...logout });
      } catch (error) {
        forget(); // so that the provider may send the token again
        throw error;
      }
      logEvent('log', 'backchannel logout', { client: config.name });
      return logout;
    };
  }

  /** Checks that a front-channel logout is for the session of the user's token. */
  async checkFrontchannel(provider: Provider, request: OAuthRequest): Promise<FrontchannelLogout> {
    const parameters = callbackParameters(request, ['iss', 'sid']);
    const { token } = await this.#refresh.current(await this.#parts.slots.find({ request }));
    return checkFrontchannelLogout(provider, token, parameters);
  }
}
