import type { AxiosResponse } from 'axios';
import type { ClientConfig } from '../config/client-config.js';
import type { RequestParameters } from '../config/client-settings.js';
import { sendApiRequest, type ApiCredentials } from '../http/api-request.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { logEvent } from '../common/log.js';
import { traced } from '../observability/telemetry.js';
import type { AuthorizationParams } from '../oauth2/authorization/authorization-params.js';
import type { TokenSlot } from '../refresh/token-slot.js';
import { requireResponse, type OAuthResponse } from '../state/oauth-response.js';
import type { OAuth1Token, OAuth2Token } from '../token/token.js';
import type { ApiRequestOptions } from './api-options.js';
import { apiUrl, requireApiOrigin, tracedCall } from './api-call.js';
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

/**
 * A provider, as one client of it: signs users in, and calls its API for them. The same verbs serve both protocols.
 *
 * @see OAuth1App
 * @see OAuth2App
 */
export abstract class RemoteApp<Token extends OAuth1Token | OAuth2Token = OAuth1Token | OAuth2Token> {
  /** The client's name in the registry. */
  readonly name: string;
  /** The client's identifier at the provider. */
  readonly clientId: string;
  readonly #parts: AppParts;

  /** @internal The registry makes the instances. */
  constructor(config: ClientConfig, context: RemoteAppContext) {
    this.name = config.name;
    this.clientId = config.clientId;
    this.#parts = new AppParts(config, context);
  }

  /**
   * Begins a login: makes the authorization URL, keeps the pending login, and answers with the redirect.
   * `@OAuthLogin()` does this.
   *
   * @param response the response of Express, or the reply of Fastify: the cookie of the login is set on it
   * @param redirectUri absolute, or relative to `baseUrl`; without `baseUrl`, relative to the request's own address when its
   * host is this machine or one of `allowedHosts`
   * @throws {OAuthError} `invalid_return_to`, `invalid_redirect_uri`, `invalid_state`, `invalid_nonce`,
   * `invalid_login_parameter`, the state store's error, or the provider's refusal of a request token; `prefetch_refused`
   * (status 503) when a browser loads the page ahead of time
   * @throws {OAuthConfigError} for a machine client, which cannot sign users in
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

  /** Makes an authorization URL; pass the rest of what it returns to {@link saveAuthorizeData}. */
  abstract createAuthorizationUrl(redirectUri?: string, params?: AuthorizationParams): Promise<AuthorizationRequest>;

  /**
   * Keeps what the callback of a login needs, where the module's `state` says.
   * @throws {OAuthError} `invalid_state` for an empty state, which a callback without a state would match
   */
  async saveAuthorizeData(request: OAuthRequest, response: OAuthResponse, data: AuthorizeData): Promise<void> {
    await this.guarded(() => {
      requireResponse(response, 'saveAuthorizeData(request, response, data)');
      return this.#parts.pending.saveLogin(request, response, data);
    }, 'save_login');
  }

  /**
   * Finishes the login whose callback this request is, and gives the user's token. `@OAuthCallback()` does this; see
   * {@link completeLogin} for what it finds beside the token.
   */
  async authorizeAccessToken(
    request: OAuthRequest,
    response: OAuthResponse,
    params?: RequestParameters,
  ): Promise<Token> {
    return (await this.completeLogin(request, response, params)).token;
  }

  /**
   * Finishes the login whose callback this request is: checks it against the pending login, and fetches the token.
   *
   * @param response the response of Express, or the reply of Fastify: it removes the cookie of the login
   * @param params further parameters of the token request, by their wire names
   * @throws {OAuthError} the provider's error, `access_denied` when the user said no; `prefetch_refused` (status 503) when a
   * browser loads the page ahead of time
   * @throws {MismatchingStateError} when this browser has no such login pending
   * @throws {InvalidTokenError} when the provider's answer is not a token
   * @throws {ProviderError} when the provider fails or is silent
   */
  completeLogin(
    request: OAuthRequest,
    response: OAuthResponse,
    params?: RequestParameters,
  ): Promise<LoginResult<Token>> {
    return this.#login('complete', request, () => {
      requireResponse(response, 'completeLogin(request, response)', 'authorizeAccessToken(request, response)');
      return this.finishLogin({ request, response, params });
    });
  }

  /** The steps of {@link completeLogin}, by the protocol. @internal */
  protected abstract finishLogin(callback: LoginCallback): Promise<LoginResult<Token>>;

  /**
   * Calls the provider's API.
   *
   * @param url relative to `apiBaseUrl`, or absolute
   * @returns axios' response
   * @throws {MissingTokenError} when there is no token to send
   * @throws {TokenExpiredError} when the token is expired and has no refresh token
   * @throws {TokenRevokedError} when the provider no longer accepts its refresh token
   * @throws {OAuthError} `refresh_timeout` (status 503) when a refresh takes longer than `refreshTimeout`
   * @throws {ProviderError} when the answer is not a success (see its `answer`), or none comes in time
   */
  async request<T = unknown>(method: string, url: string, options: ApiRequestOptions = {}): Promise<AxiosResponse<T>> {
    return this.guarded(() => {
      const target = apiUrl(this.#parts.config, url);
      return tracedCall(this.name, method, target, () => this.#send<T>(method, target, options));
    }, 'api_call');
  }

  /** @internal Waits until every refresh is done, and its token saved. */
  settled(): Promise<unknown> {
    return Promise.resolve();
  }

  async #send<T>(method: string, target: URL, options: ApiRequestOptions): Promise<AxiosResponse<T>> {
    const { token, request, user, withToken, withholdToken, ...config } = options;
    const { http, slots, config: client } = this.#parts;
    const call = { ...config, method, url: target.href };
    const signature = withToken === false ? this.clientCredentials : undefined;
    if (withholdToken || (withToken === false && !signature)) return sendApiRequest(http, call);
    requireApiOrigin(client, target);
    const credentials = signature ?? (await this.credentialsFor(await slots.find({ token, request, user })));
    return sendApiRequest(http, call, { origins: client.apiOrigins, ...credentials });
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
   * Asks what of the provider can be asked without a user; nothing, by OAuth 1.
   * @internal See `OAuthHealthIndicator`.
   * @throws {OAuthError} when it does not answer
   */
  checkProvider(): Promise<void> {
    return Promise.resolve();
  }

  /** Whether users sign in with this client; a machine client has a token of its own alone. @internal */
  get signsUsersIn(): boolean {
    return this.#parts.signsUsersIn;
  }

  /**
   * Whether the authorization request is pushed or signed. @internal
   * @throws {OAuthError} when the provider's metadata cannot be read
   */
  vouchesForRequest(): Promise<boolean> {
    return Promise.resolve(false);
  }

  // A getter on the prototype: what it returns holds secrets, which no inspection of an app may find.
  /** @internal */
  protected get parts(): AppParts {
    return this.#parts;
  }

  /**
   * Runs a method of your own app class. Every error that it throws leaves as an `OAuthError`, and the failure is logged.
   * @param step what is done, for the log
   */
  protected guarded<T>(run: () => T | Promise<T>, step?: string): Promise<T> {
    const { config, context } = this.#parts;
    const secrets = [config.clientSecret ?? ''];
    return withinBoundary({ name: this.name, step, exposeErrors: context.exposeErrors, secrets }, run);
  }

  /**
   * Returns how an API call carries the token of a slot. @internal
   * @throws {MissingTokenError} when the slot is empty
   */
  protected abstract credentialsFor(slot: TokenSlot): Promise<ApiCredentials>;

  /** How an API call without a token is signed; OAuth 2 does not sign it. @internal */
  protected get clientCredentials(): ApiCredentials | undefined {
    return undefined;
  }

  /** One step of a login, with its span and its line in the log. A prefetch is not a step, and has no span. */
  async #login<T>(step: 'begin' | 'complete', request: OAuthRequest, run: () => Promise<T>): Promise<T> {
    await this.guarded(() => refusePrefetch(request), step);
    const attributes = { 'oauth.client.name': this.name, 'oauth.login.step': step };
    const result = await this.guarded(() => traced('oauth.login', attributes, run), step);
    if (step === 'complete') logEvent('log', 'login finished', { client: this.name });
    return result;
  }
}
