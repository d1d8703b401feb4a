import type { AxiosResponse } from 'axios';
import type { ClientConfig } from '../config/client-config.js';
import type { RequestParameters } from '../config/client-settings.js';
import type { ApiCredentials } from '../http/api-request.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { logEvent } from '../common/log.js';
import { traced } from '../observability/telemetry.js';
import type { AuthorizationParams } from '../oauth2/authorization/authorization-params.js';
import type { TokenSlot } from '../refresh/token-slot.js';
import { requireResponse, type OAuthResponse } from '../state/oauth-response.js';
import type { OAuth1Token, OAuth2Token } from '../token/token.js';
import type { ApiRequestOptions } from './api-options.js';
import { AppParts } from './app-parts.js';
import { beginLogin } from './begin-login.js';
import { withinBoundary } from './boundary.js';
import type {
  AuthorizationRequest,
  AuthorizeData,
  LoginCallback,
  LoginParams,
  LoginResult,
  RedirectResponse,
} from './login.js';
import { refusePrefetch } from './prefetch.js';
import type { RemoteAppContext } from './remote-app-context.js';
import { sendApiCall, type ApiCallSigner } from './send-api-call.js';

/**
 * One client at its provider: signs users in, and calls the provider's API for them. The methods are the same for both protocols.
 *
 * @see OAuth1App
 * @see OAuth2App
 */
export abstract class RemoteApp<Token extends OAuth1Token | OAuth2Token = OAuth1Token | OAuth2Token> {
  /** The client's name in the registry. */
  readonly name: string;
  /** The client identifier at the provider (RFC 6749 §2.2). */
  readonly clientId: string;
  readonly #parts: AppParts;
  readonly #signer: ApiCallSigner<Token> = {
    usableToken: (slot) => this.usableToken(slot),
    credentialsOf: (token, slot) => this.credentialsOf(token, slot),
    clientCredentials: () => this.clientCredentials,
  };

  /** @internal The registry creates the instances. */
  constructor(config: ClientConfig, context: RemoteAppContext) {
    this.name = config.name;
    this.clientId = config.clientId;
    this.#parts = new AppParts(config, context);
  }

  /**
   * Starts a login: creates the authorization URL, saves the pending login, and returns the redirect. `@OAuthLogin()` calls this
   * method.
   *
   * @param response the response of Express, or the reply of Fastify. Receives the cookie of the login
   * @param redirectUri absolute, or relative to `baseUrl`; without `baseUrl`, relative to the URL of the request if its host is
   * this machine or one of `allowedHosts`
   * @throws {OAuthError} `invalid_return_to`, `invalid_redirect_uri`, `invalid_state`, `invalid_nonce`,
   * `invalid_login_parameter`, the error of the state store, or the provider's error for a request token; `prefetch_refused`
   * (status 503) when a browser loads the page ahead of time
   * @throws {OAuthConfigError} when the client is a machine client
   */
  authorizeRedirect(
    request: OAuthRequest,
    response: OAuthResponse,
    redirectUri?: string,
    params: LoginParams = {},
  ): Promise<RedirectResponse> {
    return this.#login('begin', request, () => {
      requireResponse(response, 'authorizeRedirect(request, response, redirectUri)');
      return beginLogin(this, this.#parts, { request, response, redirectUri, params });
    });
  }

  /** Returns an authorization URL. Pass the other properties of the result to {@link saveAuthorizeData}. */
  abstract createAuthorizationUrl(redirectUri?: string, params?: AuthorizationParams): Promise<AuthorizationRequest>;

  /**
   * Saves the data that the callback of a login needs, in the module's state store.
   * @throws {OAuthError} `invalid_state` when the state is empty, because a callback without a state would match it
   */
  saveAuthorizeData(request: OAuthRequest, response: OAuthResponse, data: AuthorizeData): Promise<void> {
    return this.guarded(() => {
      requireResponse(response, 'saveAuthorizeData(request, response, data)');
      return this.#parts.pending.saveLogin(request, response, data);
    }, 'save_login');
  }

  /**
   * Completes the login whose callback this request is, and returns the user's token. {@link completeLogin} also returns the
   * user, the account and `returnTo`.
   */
  async authorizeAccessToken(
    request: OAuthRequest,
    response: OAuthResponse,
    params?: RequestParameters,
  ): Promise<Token> {
    return (await this.completeLogin(request, response, params)).token;
  }

  /**
   * Completes the login whose callback this request is: checks the callback against the pending login, and fetches the token.
   * `@OAuthCallback()` calls this method.
   *
   * @param response the response of Express, or the reply of Fastify. The cookie of the login is removed with it
   * @param params additional parameters of the token request, by their wire names
   * @throws {OAuthError} the provider's error, such as `access_denied` when the user denied the login; `prefetch_refused`
   * (status 503) when a browser loads the page ahead of time
   * @throws {MismatchingStateError} when this browser does not have a pending login with this state
   * @throws {InvalidTokenError} when the provider's response is not a valid token
   * @throws {ProviderError} when the provider fails or does not respond in time
   */
  async completeLogin(
    request: OAuthRequest,
    response: OAuthResponse,
    params?: RequestParameters,
  ): Promise<LoginResult<Token>> {
    const result = await this.#login('complete', request, () => {
      requireResponse(response, 'completeLogin(request, response)', 'authorizeAccessToken(request, response)');
      return this.finishLogin({ request, response, params });
    });
    logEvent('log', 'login finished', { client: this.name });
    return result;
  }

  /** @internal The steps of {@link completeLogin}, which depend on the protocol. */
  protected abstract finishLogin(callback: LoginCallback): Promise<LoginResult<Token>>;

  /**
   * Calls the provider's API.
   *
   * @param url relative to `apiBaseUrl`, or absolute
   * @returns axios' response
   * @throws {MissingTokenError} when the user does not have a token
   * @throws {TokenExpiredError} when the token is expired and has no refresh token
   * @throws {TokenRevokedError} when the provider no longer accepts the refresh token
   * @throws {OAuthError} `refresh_timeout` (status 503) when a refresh takes longer than `refreshTimeout`
   * @throws {ProviderError} when the response is not a success (see `answer` of the error), or does not come in time
   */
  async request<T = unknown>(method: string, url: string, options: ApiRequestOptions = {}): Promise<AxiosResponse<T>> {
    return this.guarded(() => sendApiCall<T>(this.#parts, this.#signer, { method, url, options }), 'api_call');
  }

  /** @internal Waits until every refresh is finished and its token is saved. */
  settled(): Promise<unknown> {
    return Promise.resolve();
  }

  /** @see request */
  get<T = unknown>(url: string, options?: ApiRequestOptions): Promise<AxiosResponse<T>> {
    return this.request('GET', url, options);
  }

  /** @see request */
  post<T = unknown>(url: string, data?: unknown, options?: ApiRequestOptions): Promise<AxiosResponse<T>> {
    return this.request('POST', url, { ...options, data });
  }

  /** @see request */
  put<T = unknown>(url: string, data?: unknown, options?: ApiRequestOptions): Promise<AxiosResponse<T>> {
    return this.request('PUT', url, { ...options, data });
  }

  /** @see request */
  patch<T = unknown>(url: string, data?: unknown, options?: ApiRequestOptions): Promise<AxiosResponse<T>> {
    return this.request('PATCH', url, { ...options, data });
  }

  /** @see request */
  delete<T = unknown>(url: string, options?: ApiRequestOptions): Promise<AxiosResponse<T>> {
    return this.request('DELETE', url, options);
  }

  /**
   * @internal Checks the provider for `OAuthHealthIndicator`, without a user. Does nothing with OAuth 1.
   * @throws {OAuthError} when the provider does not respond
   */
  checkProvider(): Promise<void> {
    return Promise.resolve();
  }

  /** @internal Whether users can sign in with this client. False for a machine client (`client_credentials`). */
  get signsUsersIn(): boolean {
    return this.#parts.signsUsersIn;
  }

  /**
   * @internal Returns whether authorization requests are pushed or signed.
   * @throws {OAuthError} when the provider's metadata cannot be read
   */
  pushesOrSignsRequest(): Promise<boolean> {
    return Promise.resolve(false);
  }

  // A getter on the prototype, so that an inspection of an app does not print the secrets in it.
  /** @internal */
  protected get parts(): AppParts {
    return this.#parts;
  }

  /**
   * Runs a method of a custom app class. Every error that it throws becomes an `OAuthError`, and the failure is logged.
   * @param step the name of the step, for the log
   */
  protected guarded<T>(run: () => T | Promise<T>, step?: string): Promise<T> {
    const { config, context } = this.#parts;
    const secrets = [config.clientSecret ?? ''];
    return withinBoundary({ name: this.name, step, exposeErrors: context.exposeErrors, secrets }, run);
  }

  /**
   * @internal Returns the token of a slot, after a refresh if the refresh is due.
   * @throws {MissingTokenError} when the slot is empty
   */
  protected abstract usableToken(slot: TokenSlot): Promise<Token>;

  /**
   * @internal Returns the credentials of API calls with a token.
   * @param slot the slot of the token, which is refreshed if the API refuses it
   */
  protected abstract credentialsOf(token: Token, slot: TokenSlot): ApiCredentials;

  /** @internal The credentials of an API call without a token. Undefined with OAuth 2, which does not sign such a call. */
  protected get clientCredentials(): ApiCredentials | undefined {
    return undefined;
  }

  /** Runs one step of a login, with a span. A refused prefetch has no span. */
  #login<T>(step: 'begin' | 'complete', request: OAuthRequest, run: () => Promise<T>): Promise<T> {
    return this.guarded(() => {
      refusePrefetch(request);
      return traced('oauth.login', () => ({ 'oauth.client.name': this.name, 'oauth.login.step': step }), run);
    }, step);
  }
}
