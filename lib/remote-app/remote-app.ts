import type { AxiosInstance, AxiosResponse } from 'axios';
import type { ClientConfig } from '../config/client-config.js';
import type { RequestParameters } from '../config/client-settings.js';
import { sendApiRequest, type ApiCredentials } from '../http/api-request.js';
import { createHttpClient, mergedDefaults } from '../http/http-client.js';
import { withoutQuery } from '../http/query.js';
import type { OAuthRequest } from '../oauth-request.js';
import { logEvent } from '../observability/log.js';
import { serverAttributes, traced, type Attributes } from '../observability/telemetry.js';
import { OAuthConfigError } from '../oauth.errors.js';
import type { AuthorizationParams } from '../oauth2/authorization/authorization-params.js';
import { requireParams } from '../oauth2/authorization/read-params.js';
import type { TokenSlot } from '../refresh/token-slot.js';
import { requireResponse, type OAuthResponse } from '../state/oauth-response.js';
import type { OAuth1Token, OAuth2Token } from '../token/token.js';
import type { ApiRequestOptions } from './api-options.js';
import { apiUrl, requireApiOrigin } from './api-url.js';
import { withinBoundary } from './boundary.js';
import type { AuthorizationRequest, AuthorizeData, LoginParams, LoginResult, RedirectResponse } from './login.js';
import { requireNavigation } from './navigation.js';
import { PendingLogins } from './pending-logins.js';
import { refusePrefetch } from './prefetch.js';
import { absoluteRedirectUri, dependsOnRequest, refuseRelativeUri } from './redirect-uri.js';
import type { RemoteAppContext } from './remote-app-context.js';
import { checkReturnTo } from './return-to.js';
import { TokenSlots } from './token-slots.js';

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
  readonly #config: ClientConfig;
  readonly #context: RemoteAppContext;
  readonly #http: AxiosInstance;
  readonly #pending: PendingLogins;
  readonly #slots: TokenSlots;

  constructor(config: ClientConfig, context: RemoteAppContext) {
    this.name = config.name;
    this.clientId = config.clientId;
    this.#config = config;
    this.#context = context;
    this.#pending = new PendingLogins(config.name, context);
    this.#slots = new TokenSlots(config, context.tokens);
    this.#http = createHttpClient(mergedDefaults(context.http, config.http), {
      certificate: config.protocol === 'OAuth 2' ? config.clientCertificate : undefined,
      isPublicOnly: config.registeredAtRunTime && context.blockPrivateNetworks === true,
    });
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
      return this.#beginLogin(request, response, redirectUri, params);
    });
  }

  async #beginLogin(
    request: OAuthRequest,
    response: OAuthResponse,
    redirectUri: string | undefined,
    wishes: LoginParams,
  ): Promise<RedirectResponse> {
    this.requireUserLogin();
    const { returnTo, ...params } = requireParams(wishes, 'login');
    requireNavigation(request);
    const returnPath = checkReturnTo(returnTo);
    const callback = redirectUri && this.absoluteUri(redirectUri, request);
    if (redirectUri && dependsOnRequest(redirectUri, this.#context) && (await this.vouchesForRequest())) {
      refuseRelativeUri();
    }
    const { url, ...data } = await this.createAuthorizationUrl(callback, params);
    await this.saveAuthorizeData(request, response, { ...data, redirectUri: callback, returnTo: returnPath });
    logEvent('debug', 'login begun', { client: this.name, redirect_uri: callback && withoutQuery(callback) });
    return { url, statusCode: 302 };
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
      return this.#pending.saveLogin(request, response, data);
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
      return this.finishLogin(request, response, params);
    });
  }

  /** The steps of {@link completeLogin}, by the protocol. */
  protected abstract finishLogin(
    request: OAuthRequest,
    response: OAuthResponse,
    params?: RequestParameters,
  ): Promise<LoginResult<Token>>;

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
      const target = apiUrl(this.#config, url);
      const attributes = {
        'oauth.client.name': this.name,
        'http.request.method': method.toUpperCase(),
        ...serverAttributes(target),
      };
      return traced('oauth.api_call', attributes, () => this.#send<T>(method, target, options), statusOf);
    }, 'api_call');
  }

  /** @internal Waits until every refresh is done, and its token saved. */
  settled(): Promise<unknown> {
    return Promise.resolve();
  }

  async #send<T>(method: string, target: URL, options: ApiRequestOptions): Promise<AxiosResponse<T>> {
    const { token, request, user, withToken, withholdToken, ...config } = options;
    const call = { ...config, method, url: target.href };
    const client = withToken === false ? this.clientCredentials : undefined;
    if (withholdToken || (withToken === false && !client)) return sendApiRequest(this.#http, call);
    requireApiOrigin(this.#config, target);
    const credentials = client ?? (await this.credentialsFor(await this.#slots.find({ token, request, user })));
    return sendApiRequest(this.#http, call, { origins: this.#config.apiOrigins, ...credentials });
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
    return this.#config.protocol === 'OAuth 1' || this.#config.grantType === 'authorization_code';
  }

  /**
   * Whether the authorization request is pushed or signed. @internal
   * @throws {OAuthError} when the provider's metadata cannot be read
   */
  protected vouchesForRequest(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /** @throws {OAuthConfigError} for a machine client */
  protected requireUserLogin(): void {
    if (this.signsUsersIn) return;
    throw new OAuthConfigError([
      `${this.name}.grant_type: a machine client (client_credentials) cannot sign users in. Configure another client for logins`,
    ]);
  }

  // Getters on the prototype: what they give holds secrets, and no inspection of an app is to find it.
  protected get http(): AxiosInstance {
    return this.#http;
  }

  /**
   * Runs an operation whose errors all leave as an `OAuthError`, and logs its failure.
   * @param step what is done, for the log
   */
  protected guarded<T>(run: () => T | Promise<T>, step?: string): Promise<T> {
    const { clientSecret = '' } = this.#config;
    const { exposeErrors } = this.#context;
    return withinBoundary({ name: this.name, step, exposeErrors, secrets: [clientSecret] }, run);
  }

  /** @internal */
  protected get pending(): PendingLogins {
    return this.#pending;
  }

  /** @internal */
  protected get slots(): TokenSlots {
    return this.#slots;
  }

  /** An address of this site, made absolute. */
  protected absoluteUri(uri: string, request: OAuthRequest): string {
    return absoluteRedirectUri(uri, this.name, request, this.#context);
  }

  /**
   * How an API call carries the token.
   * @throws {MissingTokenError} when there is none
   */
  protected abstract credentialsFor(slot: TokenSlot): Promise<ApiCredentials>;

  /** How an API call without a token is signed; OAuth 2 does not sign it. */
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

function statusOf({ status }: AxiosResponse): Attributes {
  return { 'http.response.status_code': status };
}
