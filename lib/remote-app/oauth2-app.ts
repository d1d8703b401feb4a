import type { JSONWebKeySet } from 'jose';
import type { IntrospectionResponse } from 'oauth4webapi';
import type { OAuth2ClientConfig } from '../config/client-config.js';
import type { RequestParameters } from '../config/client-settings.js';
import type { ApiCredentials } from '../http/api-request.js';
import type { OAuthRequest } from '../oauth-request.js';
import { logEvent } from '../observability/log.js';
import { MismatchingStateError, OAuthError } from '../oauth.errors.js';
import type { AuthorizationParams } from '../oauth2/authorization/authorization-params.js';
import {
  isVouchedFor,
  authorizationRequest,
  type OAuth2AuthorizationRequest,
} from '../oauth2/authorization/authorization-request.js';
import {
  AUTHORIZATION_RESPONSE,
  checkIssuer,
  claimedState,
  readAuthorizationResponse,
  readGrant,
} from '../oauth2/authorization/authorization-response.js';
import { readAuthorizationParams, readLogoutParams, requireParams } from '../oauth2/authorization/read-params.js';
import { registerClient, type ClientMetadata, type RegisteredClient } from '../oauth2/provider/client-registration.js';
import { accessTokenRequest, type AccessTokenRequest } from '../oauth2/grants/access-token-request.js';
import { authorizationCodeRequest } from '../oauth2/grants/authorization-code.js';
import {
  backchannelAuthenticationRequest,
  type BackchannelAuthentication,
  type BackchannelAuthenticationParams,
} from '../oauth2/grants/backchannel-authentication.js';
import {
  deviceAuthorizationRequest,
  type DeviceAuthorization,
  type DeviceAuthorizationParams,
} from '../oauth2/grants/device-authorization.js';
import { subjectOf } from '../oauth2/openid/id-token.js';
import { logoutRequest, type LogoutParams } from '../oauth2/openid/logout-request.js';
import { LogoutTokens, type BackchannelLogout } from '../oauth2/openid/logout-token.js';
import { checkFrontchannelLogout, type FrontchannelLogout } from '../oauth2/openid/frontchannel-logout.js';
import { fetchUserInfo, userInfoOfLogin, type UserInfo } from '../oauth2/openid/user-info.js';
import { authorizationError } from '../oauth2/provider/provider-error.js';
import { providerContext } from '../oauth2/provider/provider-context.js';
import type { Provider, ProviderContext } from '../oauth2/provider/provider.js';
import { isTenantTemplate } from '../config/tenant-issuer.js';
import { ServerMetadata } from '../oauth2/provider/server-metadata.js';
import { tokenCredentials } from '../oauth2/access-token/token-credentials.js';
import { introspectToken, revokeToken } from '../oauth2/access-token/token-management.js';
import type { ApplicationTokens } from '../token/application-tokens.js';
import type { SlotToken, TokenSlot } from '../refresh/token-slot.js';
import type { TokenRefresh } from '../refresh/token-refresh.js';
import type { OAuth2Token } from '../token/token.js';
import { requireResponse, type OAuthResponse } from '../state/oauth-response.js';
import type { TokenSource } from './api-options.js';
import { callbackParameters } from './callback-request.js';
import type { LoginResult, RedirectResponse } from './login.js';
import type { LogoutRedirectParams, LogoutResult } from './logout.js';
import { oauth2Refresh } from './oauth2-refresh.js';
import type { RemoteAppContext } from './remote-app-context.js';
import { RemoteApp } from './remote-app.js';
import { requireNavigation } from './navigation.js';
import { refusePrefetch } from './prefetch.js';
import { checkReturnTo } from './return-to.js';
import { missingToken } from './token-slots.js';
import { readTokenSource } from './token-source.js';
import { warnOfPasswords, warnOfTokensInUrls } from './warnings.js';

/** What a provider says of a token; `active` is the answer (RFC 7662 §2.2). */
export type TokenIntrospection = IntrospectionResponse;

/** A provider that speaks OAuth 2.0 or OpenID Connect. */
export class OAuth2App extends RemoteApp<OAuth2Token> {
  readonly #context: ProviderContext;
  readonly #metadata: ServerMetadata;
  readonly #refresh: TokenRefresh;
  readonly #application: ApplicationTokens;
  readonly #logoutTokens = new LogoutTokens();

  constructor(config: OAuth2ClientConfig, context: RemoteAppContext) {
    super(config, context);
    this.#context = providerContext(config, this.http);
    this.#application = context.tokens;
    this.#metadata = new ServerMetadata(this.#context);
    this.#refresh = oauth2Refresh(config, this.#metadata, context.tokens);
    if (config.tokenPlacement === 'uri') warnOfTokensInUrls(config.name);
  }

  /**
   * RFC 6749 §4.1.1, with PKCE (RFC 7636) unless it is turned off and a nonce where the scope has `openid`; signed (RFC 9101)
   * and pushed (RFC 9126) where the settings or the provider ask for it.
   * @throws {OAuthError} `invalid_state`, `invalid_nonce` or `invalid_login_parameter` for parameters that cannot be sent
   * @throws {OAuthConfigError} for a machine client, which cannot sign users in
   */
  override async createAuthorizationUrl(
    redirectUri?: string,
    params: AuthorizationParams = {},
  ): Promise<OAuth2AuthorizationRequest> {
    return this.#withProvider('authorization_url', (provider) => {
      this.requireUserLogin();
      return authorizationRequest(provider, redirectUri, readAuthorizationParams(params));
    });
  }

  /** RFC 6749 §4.1.2 and §4.1.3. */
  protected override async finishLogin(
    request: OAuthRequest,
    response: OAuthResponse,
    params?: RequestParameters,
  ): Promise<LoginResult<OAuth2Token>> {
    this.requireUserLogin();
    const callback = callbackParameters(request, AUTHORIZATION_RESPONSE);
    const provider = await this.#metadata.load();
    const state = await claimedState(provider, callback);
    if (!state && !callback.response) throw new MismatchingStateError('missing_state');
    const { checks, redirectUri, returnTo = '/', secrets } = await this.pending.take('login', request, response, state);
    const answer = await readAuthorizationResponse(provider, callback, state);
    checkIssuer(provider, answer);
    if (answer.error) throw authorizationError(answer);
    const grant = await readGrant(provider, { ...checks, state }, answer, request.method);
    const { token, claims } = await authorizationCodeRequest(provider, {
      ...checks,
      ...secrets,
      ...grant,
      redirectUri,
      params,
    });
    const userInfo = await userInfoOfLogin(provider, token, claims);
    const tenant = isTenantTemplate(provider.server.issuer) && claims && { issuer: claims.iss };
    const account = userInfo && { client: this.name, subject: userInfo.sub, ...tenant };
    return { token, returnTo, userInfo, account };
  }

  /**
   * Asks for an access token without a pending login: for a code (RFC 6749 §4.1.3), or by another grant.
   * @throws {OAuthError} the provider's error, `invalid_grant` for a code or an assertion that is not good
   */
  async fetchAccessToken(request: AccessTokenRequest): Promise<OAuth2Token> {
    return this.#withProvider('token_request', (provider) => {
      if (request.grantType === 'password') warnOfPasswords();
      if (request.grantType === 'refresh_token') this.slots.requireOwn(request.token);
      return accessTokenRequest(provider, request);
    });
  }

  /**
   * Begins a login on another device (RFC 8628): show the user the code, then `wait()` for the token.
   * @throws {OAuthConfigError} when the provider has no device authorization endpoint
   */
  async deviceAuthorization(params: DeviceAuthorizationParams = {}): Promise<DeviceAuthorization> {
    return this.#withProvider('device_authorization', (provider) =>
      deviceAuthorizationRequest(provider, params, (run) => this.guarded(run, 'device_poll')),
    );
  }

  /**
   * Asks a user on their own device (OpenID Connect CIBA, poll mode), then `wait()` for the token.
   * @throws {OAuthConfigError} when the provider has no backchannel authentication endpoint
   */
  async backchannelAuthentication(params: BackchannelAuthenticationParams): Promise<BackchannelAuthentication> {
    return this.#withProvider('backchannel_authentication', (provider) =>
      backchannelAuthenticationRequest(provider, params, (run) => this.guarded(run, 'backchannel_poll')),
    );
  }

  /**
   * Asks the provider who the user is (OpenID Connect Core §5.3); a signed answer is checked, and it must be about the user
   * of the token's id_token.
   * @param source whose token it is, as in API calls: `{ token }`, `{ request }` or `{ user }`
   * @throws {OAuthError} `invalid_request` (status 500) for anything else
   */
  async userinfo(source: TokenSource): Promise<UserInfo> {
    return this.#withProvider('userinfo', async (provider) => {
      const slot = await this.slots.find(readTokenSource(source, 'userinfo'));
      const token = await this.#refresh.usable(slot);
      const subject = token.idToken === undefined ? undefined : await subjectOf(provider, token.idToken);
      return fetchUserInfo(provider, token, subject);
    });
  }

  /**
   * Makes the URL that ends the user's session at the provider, without keeping anything (OpenID Connect RP-Initiated
   * Logout 1.0 §2). There is a state where there is a `postLogoutRedirectUri`.
   * @throws {OAuthConfigError} when the provider has no end session endpoint
   */
  async createLogoutUrl(params: LogoutParams = {}): Promise<{ url: string; state?: string }> {
    return this.#withProvider('logout_url', (provider) => logoutRequest(provider, readLogoutParams(params)));
  }

  /**
   * Ends the user's session at the provider (OpenID Connect RP-Initiated Logout 1.0 §2); with `postLogoutRedirectUri`, the
   * logout is kept until the user comes back. End your own session first; `@OAuthLogout()` does the rest.
   * @throws {OAuthConfigError} when the provider has no end session endpoint
   */
  async logoutRedirect(
    request: OAuthRequest,
    response: OAuthResponse,
    params: LogoutRedirectParams = {},
  ): Promise<RedirectResponse> {
    return this.guarded(() => {
      requireResponse(response, 'logoutRedirect(request, response, params)');
      return this.#beginLogout(request, response, requireParams(params, 'logout'));
    }, 'logout');
  }

  async #beginLogout(
    request: OAuthRequest,
    response: OAuthResponse,
    { postLogoutRedirectUri: target, returnTo, ...params }: LogoutRedirectParams,
  ): Promise<RedirectResponse> {
    refusePrefetch(request);
    requireNavigation(request);
    const returnPath = checkReturnTo(returnTo);
    const postLogoutRedirectUri = target && this.absoluteUri(target, request);
    const { url, state } = await this.createLogoutUrl({ ...params, postLogoutRedirectUri });
    if (postLogoutRedirectUri && state !== undefined) {
      const addresses = { redirectUri: postLogoutRedirectUri, returnTo: returnPath };
      await this.pending.saveLogout(request, response, { state, ...addresses });
    }
    return { url, statusCode: 302 };
  }

  /**
   * Finishes the logout whose callback this request is. `@OAuthLogoutCallback()` does this. A callback without a state, as
   * Cognito sends it, is accepted when nobody is signed in here any longer.
   * @throws {MismatchingStateError} when this browser has no such logout pending
   * @throws {OAuthError} `invalid_request` when the callback has no state, and a user is signed in here
   */
  async validateLogoutResponse(request: OAuthRequest, response: OAuthResponse): Promise<LogoutResult> {
    return this.guarded(async () => {
      requireResponse(response, 'validateLogoutResponse(request, response)');
      refusePrefetch(request);
      const { state } = callbackParameters(request, ['state']);
      if (!state) return this.#logoutWithoutState(request);
      const { redirectUri, returnTo = '/' } = await this.pending.take('logout', request, response, state);
      return { postLogoutRedirectUri: redirectUri, returnTo };
    }, 'logout_callback');
  }

  /** Another site can send a user here: it must not end the session of one who did not ask for it. */
  async #logoutWithoutState(request: OAuthRequest): Promise<LogoutResult> {
    if (!(await this.slots.isSignedIn(request))) return { returnTo: '/' };
    throw new OAuthError('invalid_request', {
      description:
        'the callback of the logout has no "state" parameter, and a user is signed in here; expected the state of a logout that ' +
        'was begun here. For a provider that returns no state, end your own session in the handler of @OAuthLogout(), and set ' +
        'the module option userOf, which says whether a user is signed in',
    });
  }

  /**
   * Checks the logout token of a POST from the provider (OpenID Connect Back-Channel Logout 1.0 §2.6), and calls the
   * application's `onBackchannelLogout`. `@OAuthBackchannelLogout()` does this.
   * @throws {OAuthError} `invalid_request` when a check fails, or when the request is not a POST
   */
  async backchannelLogout(request: OAuthRequest): Promise<BackchannelLogout> {
    const { logout, forget } = await this.#withProvider('backchannel_logout', (provider) => {
      if (request.method !== 'POST') {
        const description = 'a logout token came in a request that is not a POST; expected the form of a POST (§2.5)';
        throw new OAuthError('invalid_request', { description });
      }
      const { logout_token: logoutToken } = callbackParameters(request, ['logout_token']);
      if (!logoutToken) throw new OAuthError('invalid_request', { description: 'the request has no "logout_token"' });
      return this.#logoutTokens.use(provider, logoutToken);
    });
    try {
      await this.#application.onBackchannelLogout?.({ name: this.name, ...logout });
    } catch (error) {
      forget(); // the provider may send it again
      throw error;
    }
    logEvent('log', 'backchannel logout', { client: this.name });
    return logout;
  }

  /**
   * Checks a request by which the provider, in a frame of the user's browser, ends the session here (OpenID Connect
   * Front-Channel Logout 1.0 §3): its `iss` and `sid` must be those of the user's token. `@OAuthFrontchannelLogout()` does this.
   * @throws {OAuthError} `invalid_request` when they are not
   * @throws {MissingTokenError} when nobody is signed in
   */
  async frontchannelLogout(request: OAuthRequest): Promise<FrontchannelLogout> {
    return this.#withProvider('frontchannel_logout', async (provider) => {
      const parameters = callbackParameters(request, ['iss', 'sid']);
      const { token } = await this.#current(await this.slots.find({ request }));
      return checkFrontchannelLogout(provider, token, parameters);
    });
  }

  /**
   * Revokes a token at the provider: its refresh token, and with it the whole grant, or else its access token (RFC 7009). When
   * the provider has accepted that, a token that was found in a `TokenStore` is removed there.
   * @param source whose token it is, as in API calls: `{ token }`, `{ request }` or `{ user }`
   * @throws {MissingTokenError} when there is no token
   * @throws {OAuthConfigError} when the provider has no revocation endpoint
   */
  async revokeToken(source: TokenSource): Promise<void> {
    await this.#withProvider('revocation', async (provider) => {
      const slot = await this.slots.find(readTokenSource(source, 'revokeToken'));
      const current = await this.#current(slot);
      await revokeToken(provider, current.token);
      await this.#refresh.remove(slot, current);
    });
  }

  /**
   * Asks the provider whether an access token is still good, and what for (RFC 7662; signed, RFC 9701). The token is not
   * refreshed first.
   * @param source whose token it is, as in API calls: `{ token }`, `{ request }` or `{ user }`
   * @throws {MissingTokenError} when there is no token
   * @throws {OAuthConfigError} when the provider has no introspection endpoint
   */
  async introspectToken(source: TokenSource): Promise<TokenIntrospection> {
    return this.#withProvider('introspection', async (provider) => {
      const { token } = await this.#current(await this.slots.find(readTokenSource(source, 'introspectToken')));
      return introspectToken(provider, token.accessToken);
    });
  }

  /** The public halves of the client's `privateKeys`, to be served at the `jwks_uri` that it is registered with (RFC 7517 §5). */
  publicJwks(): Promise<JSONWebKeySet> {
    return this.#context.clientKeys.publicJwks();
  }

  /** @internal Discovery, and the keys that signatures are checked by. */
  override checkProvider(): Promise<void> {
    return this.#metadata.check();
  }

  /** @internal See `OAuthRegistry.registerDynamically()`. */
  async registerClient(metadata: ClientMetadata, initialAccessToken?: string): Promise<RegisteredClient> {
    return this.#withProvider('registration', (provider) => registerClient(provider, metadata, initialAccessToken));
  }

  /** @internal */
  override settled(): Promise<void> {
    return this.#refresh.settled();
  }

  /** @internal */
  protected override async vouchesForRequest(): Promise<boolean> {
    return isVouchedFor(await this.#metadata.load());
  }

  protected override async credentialsFor(slot: TokenSlot): Promise<ApiCredentials> {
    const token = await this.#refresh.usable(slot);
    return tokenCredentials(this.#context, token, (refused) => this.#refresh.replacement(slot, refused));
  }

  /** Runs an operation with the provider as it is now; its errors all leave as an `OAuthError`. */
  #withProvider<T>(step: string, run: (provider: Provider) => T | Promise<T>): Promise<T> {
    return this.guarded(async () => run(await this.#metadata.load()), step);
  }

  /** The token of a slot as it is, without a refresh. */
  async #current(slot: TokenSlot): Promise<SlotToken> {
    const current = await this.#refresh.current(slot);
    if (current) return current;
    throw missingToken(this.name);
  }
}
