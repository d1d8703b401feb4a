import type { JSONWebKeySet } from 'jose';
import type { OAuth2ClientConfig } from '../config/client-config.js';
import type { ApiCredentials } from '../http/api-request.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import type { AuthorizationParams } from '../oauth2/authorization/authorization-params.js';
import {
  isVouchedFor,
  authorizationRequest,
  type OAuth2AuthorizationRequest,
} from '../oauth2/authorization/authorization-request.js';
import { readAuthorizationParams, readLogoutParams } from '../oauth2/authorization/read-params.js';
import { registerClient, type ClientMetadata, type RegisteredClient } from '../oauth2/provider/client-registration.js';
import { accessTokenRequest, type AccessTokenRequest } from '../oauth2/grants/access-token-request.js';
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
import { userInfoOfToken, type UserInfo } from '../oauth2/openid/user-info.js';
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
import { RemoteApp } from './remote-app.js';
import { readTokenSource } from './token-source.js';

/** A provider that speaks OAuth 2.0 or OpenID Connect. */
export class OAuth2App extends RemoteApp<OAuth2Token> {
  readonly #metadata: ServerMetadata;
  readonly #refresh: TokenRefresh;
  readonly #logouts: OAuth2Logouts;

  /** @internal The registry makes the instances. */
  constructor(config: OAuth2ClientConfig, context: RemoteAppContext) {
    super(config, context);
    this.#metadata = new ServerMetadata(providerContext(config, this.parts.http));
    this.#refresh = oauth2Refresh(config, this.#metadata, context.tokens);
    this.#logouts = new OAuth2Logouts(this.parts, this.#refresh);
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
      this.parts.requireUserLogin();
      return authorizationRequest(provider, redirectUri, readAuthorizationParams(params));
    });
  }

  /** @internal */
  protected override finishLogin(callback: LoginCallback): Promise<LoginResult<OAuth2Token>> {
    return finishOAuth2Login(this.#metadata, this.parts, callback);
  }

  /**
   * Asks for an access token without a pending login: for a code (RFC 6749 §4.1.3), or by another grant.
   * @throws {OAuthError} the provider's error, `invalid_grant` for a code or an assertion that is not good
   */
  async fetchAccessToken(request: AccessTokenRequest): Promise<OAuth2Token> {
    return this.#withProvider('token_request', (provider) => {
      if (request.grantType === 'refresh_token') this.parts.slots.requireOwn(request.token);
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
      const slot = await this.parts.slots.find(readTokenSource(source, 'userinfo'));
      return userInfoOfToken(provider, await this.#refresh.usable(slot));
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
    return this.guarded(() => this.#logouts.begin(this, request, response, params), 'logout');
  }

  /**
   * Finishes the logout whose callback this request is. `@OAuthLogoutCallback()` does this. A callback without a state, as
   * Cognito sends it, is accepted when nobody is signed in here any longer.
   * @throws {MismatchingStateError} when this browser has no such logout pending
   * @throws {OAuthError} `invalid_request` when the callback has no state, and a user is signed in here
   */
  async validateLogoutResponse(request: OAuthRequest, response: OAuthResponse): Promise<LogoutResult> {
    return this.guarded(() => this.#logouts.finish(request, response), 'logout_callback');
  }

  /**
   * Checks the logout token of a POST from the provider (OpenID Connect Back-Channel Logout 1.0 §2.6), and calls the
   * application's `onBackchannelLogout`. `@OAuthBackchannelLogout()` does this.
   * @throws {OAuthError} `invalid_request` when a check fails, or when the request is not a POST
   */
  async backchannelLogout(request: OAuthRequest): Promise<BackchannelLogout> {
    const notify = await this.#withProvider('backchannel_logout', (provider) =>
      this.#logouts.receive(provider, request),
    );
    return notify();
  }

  /**
   * Checks a request by which the provider, in a frame of the user's browser, ends the session here (OpenID Connect
   * Front-Channel Logout 1.0 §3): its `iss` and `sid` must be those of the user's token. `@OAuthFrontchannelLogout()` does this.
   * @throws {OAuthError} `invalid_request` when they are not
   * @throws {MissingTokenError} when nobody is signed in
   */
  async frontchannelLogout(request: OAuthRequest): Promise<FrontchannelLogout> {
    return this.#withProvider('frontchannel_logout', (provider) => this.#logouts.check(provider, request));
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
      const slot = await this.parts.slots.find(readTokenSource(source, 'revokeToken'));
      const current = await this.#refresh.current(slot);
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
      const { token } = await this.#refresh.current(
        await this.parts.slots.find(readTokenSource(source, 'introspectToken')),
      );
      return introspectToken(provider, token.accessToken);
    });
  }

  /** The public halves of the client's `privateKeys`, to be served at the `jwks_uri` that it is registered with (RFC 7517 §5). */
  publicJwks(): Promise<JSONWebKeySet> {
    return this.#metadata.context.clientKeys.publicJwks();
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
  override async vouchesForRequest(): Promise<boolean> {
    return isVouchedFor(await this.#metadata.load());
  }

  /** @internal */
  protected override async credentialsFor(slot: TokenSlot): Promise<ApiCredentials> {
    const token = await this.#refresh.usable(slot);
    return tokenCredentials(this.#metadata.context, token, (refused) => this.#refresh.replacement(slot, refused));
  }

  /** Runs an operation with the provider as it is now; its errors all leave as an `OAuthError`. */
  #withProvider<T>(step: string, run: (provider: Provider) => T | Promise<T>): Promise<T> {
    return this.guarded(async () => run(await this.#metadata.load()), step);
  }
}
