import type { JSONWebKeySet } from 'jose';
import type { OAuth2ClientConfig } from '../config/client-config.js';
import type { ApiCredentials } from '../http/api-request.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import type { AuthorizationParams } from '../oauth2/authorization/authorization-params.js';
import type { OAuth2AuthorizationRequest } from '../oauth2/authorization/authorization-request.js';
import { authorizationRequest, isVouchedFor } from '../oauth2/authorization/authorization-request.js';
import { readAuthorizationParams, readLogoutParams } from '../oauth2/authorization/read-params.js';
import { registerClient, type ClientMetadata, type RegisteredClient } from '../oauth2/provider/client-registration.js';
import type { AccessTokenRequest, ExtensionGrant } from '../oauth2/grants/access-token-request.js';
import { accessTokenRequest, isRefresh } from '../oauth2/grants/access-token-request.js';
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
import { logoutRequest, type LogoutParams } from '../oauth2/openid/logout-request.js';
import type { BackchannelLogout } from '../oauth2/openid/logout-token.js';
import type { FrontchannelLogout } from '../oauth2/openid/frontchannel-logout.js';
import type { UserInfo } from '../oauth2/openid/user-info.js';
import { providerContext } from '../oauth2/provider/provider-context.js';
import type { Provider } from '../oauth2/provider/provider.js';
import { ServerMetadata } from '../oauth2/provider/server-metadata.js';
import { tokenCredentials } from '../oauth2/access-token/token-credentials.js';
import { introspectToken, revokeToken, type TokenIntrospection } from '../oauth2/access-token/token-management.js';
import type { TokenSlot } from '../refresh/token-slot.js';
import type { TokenRefresh } from '../refresh/token-refresh.js';
import type { OAuth2Token } from '../token/token.js';
import type { OAuthResponse } from '../state/oauth-response.js';
import type { TokenSource } from './api-options.js';
import { finishOAuth2Login } from './finish-oauth2-login.js';
import type { LoginCallback, LoginResult, RedirectResponse } from './login.js';
import type { LogoutRedirectParams, LogoutResult } from './logout.js';
import { OAuth2Logouts } from './oauth2-logouts.js';
import { oauth2Refresh } from './oauth2-refresh.js';
import type { RemoteAppContext } from './remote-app-context.js';
import { oauth2UserInfo } from './oauth2-user-info.js';
import { RemoteApp } from './remote-app.js';
import { readTokenSource } from './token-source.js';

/** A client of an OAuth 2.0 or OpenID Connect provider. */
export class OAuth2App extends RemoteApp<OAuth2Token> {
  readonly #metadata: ServerMetadata;
  readonly #refresh: TokenRefresh;
  readonly #logouts: OAuth2Logouts;

  /** @internal The registry creates the instances. */
  constructor(config: OAuth2ClientConfig, context: RemoteAppContext) {
    super(config, context);
    this.#metadata = new ServerMetadata(providerContext(config, this.parts.http));
    this.#refresh = oauth2Refresh(config, this.#metadata, context.tokens);
    this.#logouts = new OAuth2Logouts(this.parts, this.#refresh);
  }

  /**
   * Returns an authorization URL (RFC 6749 §4.1.1) with PKCE (RFC 7636) by default, and with a nonce if the scope contains
   * `openid`. The request is signed (RFC 9101) and pushed (RFC 9126) if the settings or the provider require it.
   * @throws {OAuthError} `invalid_state`, `invalid_nonce` or `invalid_login_parameter` when a parameter is not valid
   * @throws {OAuthConfigError} when the client is a machine client
   */
  override createAuthorizationUrl(
    redirectUri?: string,
    params: AuthorizationParams = {},
  ): Promise<OAuth2AuthorizationRequest> {
    return this.#withProvider('authorization_url', (provider) => {
      this.parts.requireUserLogin();
      return authorizationRequest(provider, redirectUri, readAuthorizationParams(params));
    });
  }

  /** @internal */
  protected override finishLogin(callback: LoginCallback): Promise<LoginResult<OAuth2Token>> {
    return finishOAuth2Login(this.#metadata, this.parts, callback);
  }

  /**
   * Requests an access token without a pending login: for an authorization code (RFC 6749 §4.1.3), or with any other grant.
   * A `grantType` without a type of its own is sent unchanged, with the other keys as parameters: see {@link ExtensionGrant}.
   * @throws {OAuthError} the provider's error, such as `invalid_grant` when the code or the assertion is not valid
   */
  async fetchAccessToken<G extends string = never>(
    request: AccessTokenRequest | ExtensionGrant<G>,
  ): Promise<OAuth2Token> {
    return this.#withProvider('token_request', (provider) => {
      if (isRefresh(request)) this.parts.slots.requireOwn(request.token);
      return accessTokenRequest(provider, request);
    });
  }

  /**
   * Starts a login on another device (RFC 8628). Show the user the code, then `wait()` for the token.
   * @throws {OAuthConfigError} when the provider has no device authorization endpoint
   */
  async deviceAuthorization(params: DeviceAuthorizationParams = {}): Promise<DeviceAuthorization> {
    return this.#withProvider('device_authorization', (provider) =>
      deviceAuthorizationRequest(provider, params, (run) => this.guarded(run, 'device_poll')),
    );
  }

  /**
   * Starts a login that the user approves on their device (OpenID Connect CIBA, poll mode). Then `wait()` for the token.
   * @throws {OAuthConfigError} when the provider has no backchannel authentication endpoint
   */
  async backchannelAuthentication(params: BackchannelAuthenticationParams): Promise<BackchannelAuthentication> {
    return this.#withProvider('backchannel_authentication', (provider) =>
      backchannelAuthenticationRequest(provider, params, (run) => this.guarded(run, 'backchannel_poll')),
    );
  }

  /**
   * Returns the user info of the client's `profile`, or else the claims of the userinfo endpoint (OpenID Connect Core §5.3). Checks
   * the signature of a signed response, and that `sub` is the user of the token's id_token.
   * @param source the source of the token, as in API calls: `{ token }`, `{ request }` or `{ user }`
   * @throws {OAuthError} `invalid_request` (status 500) when `source` has another form
   */
  async userinfo(source: TokenSource): Promise<UserInfo> {
    return this.#withProvider('userinfo', async (provider) => {
      const slot = await this.parts.slots.find(readTokenSource(source, 'userinfo'));
      return oauth2UserInfo(provider, this.parts, await this.#refresh.usable(slot));
    });
  }

  /**
   * Returns the URL that ends the user's session at the provider (OpenID Connect RP-Initiated Logout 1.0 §2), without a pending
   * logout. The result has a state if `params` has a `postLogoutRedirectUri`.
   * @throws {OAuthConfigError} when the provider has no end session endpoint
   */
  async createLogoutUrl(params: LogoutParams = {}): Promise<{ url: string; state?: string }> {
    return this.#withProvider('logout_url', (provider) => logoutRequest(provider, readLogoutParams(params)));
  }

  /**
   * Returns the redirect that ends the user's session at the provider (OpenID Connect RP-Initiated Logout 1.0 §2). With
   * `postLogoutRedirectUri`, a pending logout is saved until the callback. End the application's session first.
   * `@OAuthLogout()` calls this method.
   * @throws {OAuthConfigError} when the provider has no end session endpoint
   */
  async logoutRedirect(
    request: OAuthRequest,
    response: OAuthResponse,
    params: LogoutRedirectParams = {},
  ): Promise<RedirectResponse> {
    return this.guarded(() => this.#logouts.begin(this, request, response, params), 'logout');
  }

  /**
   * Completes a logout: checks the callback against the pending logout. `@OAuthLogoutCallback()` calls this method. A callback
   * without a state, as Cognito sends it, is accepted only if no user is signed in to the application.
   * @throws {MismatchingStateError} when this browser does not have a pending logout with this state
   * @throws {OAuthError} `invalid_request` when the callback has no state and a user is signed in
   */
  async validateLogoutResponse(request: OAuthRequest, response: OAuthResponse): Promise<LogoutResult> {
    return this.guarded(() => this.#logouts.finish(request, response), 'logout_callback');
  }

  /**
   * Checks the logout token in a POST request from the provider (OpenID Connect Back-Channel Logout 1.0 §2.6), and calls the
   * application's `onBackchannelLogout`. `@OAuthBackchannelLogout()` calls this method.
   * @throws {OAuthError} `invalid_request` when a check fails, or when the request is not a POST
   */
  async backchannelLogout(request: OAuthRequest): Promise<BackchannelLogout> {
    const notifyApplication = await this.#withProvider('backchannel_logout', (provider) =>
      this.#logouts.checkLogoutToken(provider, request),
    );
    return notifyApplication();
  }

  /**
   * Checks a front-channel logout request, which the provider loads in an iframe of the user's browser (OpenID Connect
   * Front-Channel Logout 1.0 §3): `iss` and `sid` must match the user's token. `@OAuthFrontchannelLogout()` calls this method.
   * @throws {OAuthError} `invalid_request` when `iss` or `sid` does not match
   * @throws {MissingTokenError} when no user is signed in
   */
  async frontchannelLogout(request: OAuthRequest): Promise<FrontchannelLogout> {
    return this.#withProvider('frontchannel_logout', (provider) => this.#logouts.checkFrontchannel(provider, request));
  }

  /**
   * Revokes the refresh token, which revokes the whole grant, or else the access token (RFC 7009). Removes it from a `TokenStore`.
   * @param source the source of the token, as in API calls: `{ token }`, `{ request }` or `{ user }`
   * @throws {MissingTokenError} when the user does not have a token
   * @throws {OAuthConfigError} when the provider has no revocation endpoint
   */
  async revokeToken(source: TokenSource): Promise<void> {
    await this.#withProvider('revocation', async (provider) => {
      const slot = await this.parts.slots.find(readTokenSource(source, 'revokeToken'));
      const current = await this.#refresh.current(slot);
      await revokeToken(provider, current.token);
      await this.#refresh.remove(slot, current);
    });
  }

  /**
   * Returns the provider's information about an access token (RFC 7662, signed: RFC 9701). Does not refresh the token first.
   * @param source the source of the token, as in API calls: `{ token }`, `{ request }` or `{ user }`
   * @throws {MissingTokenError} when the user does not have a token
   * @throws {OAuthConfigError} when the provider has no introspection endpoint
   */
  async introspectToken(source: TokenSource): Promise<TokenIntrospection> {
    return this.#withProvider('introspection', async (provider) => {
      const slot = await this.parts.slots.find(readTokenSource(source, 'introspectToken'));
      return introspectToken(provider, (await this.#refresh.current(slot)).token.accessToken);
    });
  }

  /** Returns the public keys of the client's `privateKeys`. Serve them at the client's registered `jwks_uri` (RFC 7517 §5). */
  publicJwks(): Promise<JSONWebKeySet> {
    return this.#metadata.context.clientKeys.publicJwks();
  }

  /** @internal Checks that the provider's metadata and signing keys can be read. */
  override checkProvider(): Promise<void> {
    return this.#metadata.check();
  }

  /** @internal See `OAuthRegistry.registerDynamically()`. */
  async registerClient(metadata: ClientMetadata, accessToken?: string): Promise<RegisteredClient> {
    return this.#withProvider('registration', (provider) => registerClient(provider, metadata, accessToken));
  }

  /** @internal */
  override settled(): Promise<void> {
    return this.#refresh.settled();
  }

  /** @internal */
  override async pushesOrSignsRequest(): Promise<boolean> {
    return isVouchedFor(await this.#metadata.load());
  }

  /** @internal */
  protected override usableToken(slot: TokenSlot): Promise<OAuth2Token> {
    return this.#refresh.usable(slot);
  }

  /** @internal */
  protected override credentialsOf(token: OAuth2Token, slot: TokenSlot): ApiCredentials {
    return tokenCredentials(this.#metadata.context, token, { replace: (old) => this.#refresh.replacement(slot, old) });
  }

  /** Runs an operation with the current metadata of the provider. Every error that it throws is an `OAuthError`. */
  #withProvider<T>(step: string, run: (provider: Provider) => T | Promise<T>): Promise<T> {
    return this.guarded(async () => run(await this.#metadata.load()), step);
  }
}
