import type { JWK } from 'jose';
import type { RequestParameters } from '../config/client-settings.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import type { OAuthResponse } from '../state/oauth-response.js';
import type { AuthorizationChecks, AuthorizationParams } from '../oauth2/authorization/authorization-params.js';
import type { OAuth2AuthorizationRequest } from '../oauth2/authorization/authorization-request.js';
import type { UserInfo } from '../oauth2/openid/user-info.js';
import type { Pending } from '../state/state-store.js';
import type { OAuth1Token, OAuth2Token } from '../token/token.js';

/** Parameters of a login: authorization parameters, and the path for after the login. */
export interface LoginParams extends AuthorizationParams {
  /** A path on this site. The callback receives it: redirect the user to it after the login. */
  returnTo?: string;
}

/** An authorization URL, and the data that its callback needs. With OAuth 1, the state is the request token. */
export interface AuthorizationRequest extends OAuth2AuthorizationRequest {
  /** OAuth 1: the request token and its secret (RFC 5849 §2.1). */
  requestToken?: OAuth1Token;
}

/** The data that is kept until the callback: the result of `createAuthorizationUrl()`, the redirect URI, and `returnTo`. */
export interface AuthorizeData extends Omit<AuthorizationRequest, 'url'> {
  url?: string;
  /** The redirect URI that was sent. */
  redirectUri?: string;
  /** The path on this site for after the login. */
  returnTo?: string;
}

/** A login or logout that was started, and whose callback has not been received yet. */
export interface PendingLogin extends Pending {
  /** Empty for a logout. */
  checks: AuthorizationChecks;
  secrets?: {
    /** The secret of the OAuth 1 request token (RFC 5849 §2.1). The request token itself is the state. */
    requestTokenSecret?: string;
    /** The private JWK that the token is bound to (DPoP, RFC 9449). */
    dpopKey?: JWK;
  };
}

/** The callback of a login. */
export interface LoginCallback {
  request: OAuthRequest;
  response: OAuthResponse;
  /** Further parameters of the token request, by their wire names. */
  params?: RequestParameters;
}

/** A redirect. A handler with Nest's `@Redirect()` can return it. */
export interface RedirectResponse {
  url: string;
  statusCode: number;
}

/**
 * The account at the provider that signed in. Identify your users by `client` and `subject` together: a `subject` is unique
 * only at its provider, and another provider may use the same value for another user.
 */
export interface ProviderAccount {
  /** The client's name. */
  client: string;
  /** The user's `sub` at the provider of this client. */
  subject: string;
  /**
   * The issuer of the user's tenant, if the client accepts every tenant (`allow_any_tenant`). Identify users by `issuer` too:
   * a `subject` is then unique only within its tenant.
   */
  issuer?: string;
}

/** The result of a completed login. */
export interface LoginResult<Token extends OAuth1Token | OAuth2Token = OAuth1Token | OAuth2Token> {
  token: Token;
  /** The `returnTo` of the login, or `/` if the login was started without `returnTo`. */
  returnTo: string;
  /**
   * The user who signed in: the claims that the client's `profile` describes, or those of the id_token if the provider's issuer is
   * known, and with `userInfoFrom: 'userinfo'` also the claims of the userinfo endpoint.
   */
  userInfo?: UserInfo;
  /** The account that identifies the user. Undefined if the provider does not identify the user. */
  account?: ProviderAccount;
  /** The parameters of the callback that the client's `callbackParameters` name. */
  callback: Readonly<Record<string, string>>;
}
