import type { IntrospectionResponse } from 'oauth4webapi';
import type { OAuth2ClientConfig } from '../config/client-config.js';
import type { RequestParameters } from '../config/client-settings.js';
import type { ProtectedRequest } from '../config/compliance-fix.js';
import type { OAuthRequest } from '../oauth-request.js';
import { TokenExpiredError } from '../oauth.errors.js';
import {
  buildAuthorizationRequest,
  type AuthorizationParams,
  type OAuth2AuthorizationRequest,
} from '../oauth2/authorization-request.js';
import { AUTHORIZATION_RESPONSE, authorizationCode } from '../oauth2/authorization-response.js';
import { authorizationError } from '../oauth2/provider-error.js';
import { requireEndpoint } from '../oauth2/provider.js';
import { ServerMetadata } from '../oauth2/server-metadata.js';
import { exchangeCode, refreshToken, type CodeExchange } from '../oauth2/token-request.js';
import { introspectToken, revokeToken, type TokenTypeHint } from '../oauth2/token-management.js';
import { placeToken } from '../oauth2/token-placement.js';
import { discardPendingLogin, takePendingLogin } from '../state/session-state.js';
import {
  isExpired,
  readOAuth2Token,
  type OAuth2Token,
  type StoredOAuth2Token,
  type StoredToken,
} from '../token/token.js';
import { callbackParameters } from './callback-request.js';
import type { LoginResult } from './login.js';
import { RemoteApp, type RemoteAppContext } from './remote-app.js';

/** What a provider says of a token; `active` is the answer (RFC 7662 §2.2). */
export type TokenIntrospection = IntrospectionResponse;

/** A provider that speaks OAuth 2.0 or OpenID Connect. */
export class OAuth2App extends RemoteApp<OAuth2Token> {
  readonly #config: OAuth2ClientConfig;
  readonly #metadata: ServerMetadata;
  /** Refreshes that are under way, by their refresh token. */
  readonly #refreshes = new Map<string, Promise<OAuth2Token>>();

  constructor(config: OAuth2ClientConfig, context: RemoteAppContext) {
    super(config, context);
    this.#config = config;
    this.#metadata = new ServerMetadata(this.http, config);
  }

  /** RFC 6749 §4.1.1, with PKCE (RFC 7636) where it is on and a nonce where the scope has `openid`. */
  override async createAuthorizationUrl(
    redirectUri?: string,
    params: AuthorizationParams = {},
  ): Promise<OAuth2AuthorizationRequest> {
    const provider = await this.#metadata.load();
    const endpoint = requireEndpoint(provider, 'authorization_endpoint');
    return buildAuthorizationRequest(this.#config, endpoint, redirectUri, params);
  }

  /** RFC 6749 §4.1.2 and §4.1.3. */
  override async completeLogin(request: OAuthRequest, params?: RequestParameters): Promise<LoginResult<OAuth2Token>> {
    const response = callbackParameters(request, AUTHORIZATION_RESPONSE);
    const { state = '' } = response;
    if (response.error) {
      await discardPendingLogin(request, this.name, state);
      throw authorizationError(response);
    }
    const login = await takePendingLogin(request, this.name, state);
    const provider = await this.#metadata.load();
    const code = authorizationCode(provider, response);
    const { redirectUri, codeVerifier, nonce, returnTo = '/' } = login;
    const { token, claims } = await exchangeCode(provider, { code, redirectUri, codeVerifier, nonce, params });
    return { token, returnTo, userInfo: claims };
  }

  /**
   * Exchanges an authorisation code for a token, without a pending login (RFC 6749 §4.1.3).
   * @throws {OAuthError} the provider's error, `invalid_grant` for a code that is not good
   */
  async fetchAccessToken(exchange: CodeExchange): Promise<OAuth2Token> {
    const { token } = await exchangeCode(await this.#metadata.load(), exchange);
    return token;
  }

  /**
   * Revokes a token at the provider: its refresh token, and with it the whole grant, or else its access token (RFC 7009).
   * @throws {OAuthConfigError} when the provider's metadata has no revocation endpoint
   */
  async revokeToken(stored: StoredOAuth2Token): Promise<void> {
    const { token, hint } = longestLived(stored);
    await revokeToken(await this.#metadata.load(), token, hint);
  }

  /**
   * Asks the provider whether an access token is still good, and what for (RFC 7662).
   * @throws {OAuthConfigError} when the provider's metadata has no introspection endpoint
   */
  async introspectToken(stored: StoredOAuth2Token): Promise<TokenIntrospection> {
    return introspectToken(await this.#metadata.load(), readOAuth2Token(stored).accessToken, 'access_token');
  }

  protected override async usableToken(stored: StoredToken, request?: OAuthRequest): Promise<OAuth2Token> {
    const token = readOAuth2Token(stored);
    return isExpired(token, this.#config.leeway) ? this.#refresh(token, request) : token;
  }

  protected override authorize(request: ProtectedRequest, token: OAuth2Token): Promise<ProtectedRequest> {
    const { compliance, tokenPlacement } = this.#config;
    return compliance.run('protected_request', placeToken(request, token, tokenPlacement));
  }

  /** One refresh for all who ask with the same refresh token at the same time: a provider may let it be used only once. */
  #refresh(expired: OAuth2Token, request: OAuthRequest | undefined): Promise<OAuth2Token> {
    const { refreshToken: key } = expired;
    if (key === undefined) {
      throw new TokenExpiredError({
        description: `the token for "${this.name}" is expired and there is no refresh token; sign in again`,
      });
    }
    const refresh = this.#refreshes.get(key) ?? this.#renew(key, expired, request);
    this.#refreshes.set(key, refresh);
    return refresh.finally(() => this.#refreshes.delete(key));
  }

  /** Refreshes a token (RFC 6749 §6) and tells whoever keeps it. */
  async #renew(old: string, { accessToken }: OAuth2Token, request: OAuthRequest | undefined): Promise<OAuth2Token> {
    const token = await refreshToken(await this.#metadata.load(), old);
    const context = { refreshToken: old, accessToken, request };
    if (this.#config.updateToken) await this.#config.updateToken(token, context);
    else await this.tokenStore.updateToken?.(this.name, token, context);
    return token;
  }
}

function longestLived(stored: StoredOAuth2Token): { token: string; hint: TokenTypeHint } {
  const { accessToken, refreshToken } = readOAuth2Token(stored);
  return refreshToken ? { token: refreshToken, hint: 'refresh_token' } : { token: accessToken, hint: 'access_token' };
}
