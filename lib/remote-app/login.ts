import type { JsonWebKey } from 'node:crypto';
import type { RequestParameters } from '../config/client-settings.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import type { OAuthResponse } from '../state/oauth-response.js';
import type { AuthorizationChecks, AuthorizationParams } from '../oauth2/authorization/authorization-params.js';
import type { OAuth2AuthorizationRequest } from '../oauth2/authorization/authorization-request.js';
import type { UserInfo } from '../oauth2/openid/user-info.js';
import type { Pending } from '../state/state-store.js';
import type { OAuth1Token, OAuth2Token } from '../token/token.js';

/** What one login asks for: further authorization parameters, and where the user goes when it is done. */
export interface LoginParams extends AuthorizationParams {
  /** A path of this site; the callback gets it back. */
  returnTo?: string;
}

/** An authorization URL, and what is kept until its callback comes. With OAuth 1, the state is the request token. */
export interface AuthorizationRequest extends OAuth2AuthorizationRequest {
  /** OAuth 1: the request token and its secret (RFC 5849 §2.1). */
  requestToken?: OAuth1Token;
}

/** What is kept until the callback comes: what `createAuthorizationUrl()` returned, and two addresses. */
export interface AuthorizeData extends Omit<AuthorizationRequest, 'url'> {
  url?: string;
  /** The redirect URI that was sent. */
  redirectUri?: string;
  /** A path of this site. */
  returnTo?: string;
}

/** A login, or a logout, that was begun and whose callback has not come. */
export interface PendingLogin extends Pending {
  /** A logout has none. */
  checks: AuthorizationChecks;
  secrets?: {
    /** Secret of the OAuth 1 request token, whose token is the state (RFC 5849 §2.1). */
    requestTokenSecret?: string;
    /** Private JWK that the token is bound to (RFC 9449). */
    dpopKey?: JsonWebKey;
  };
}

/** The callback of a login. */
export interface LoginCallback {
  request: OAuthRequest;
  response: OAuthResponse;
  /** Further parameters of the token request, by their wire names. */
  params?: RequestParameters;
}

/** A redirect, in the shape that a handler under Nest's `@Redirect()` returns. */
export interface RedirectResponse {
  url: string;
  statusCode: number;
}

/**
 * The account at the provider that signed in. Key your users by both values: a `subject` is unique at its provider only, and
 * another provider may use the same one for someone else.
 */
export interface ProviderAccount {
  /** The client's name. */
  client: string;
  /** The user's `sub` at the provider of this client. */
  subject: string;
  /**
   * The issuer of the user's tenant, where the client accepts every tenant (`allow_any_tenant`): a `subject` is unique there
   * only, so it is part of the key.
   */
  issuer?: string;
}

/** A login that is done. */
export interface LoginResult<Token extends OAuth1Token | OAuth2Token = OAuth1Token | OAuth2Token> {
  token: Token;
  /** The path of this site that the login was begun with; `/` when it named none. */
  returnTo: string;
  /**
   * Who signed in: claims of the id_token, where the provider's issuer is known, and with `userInfoFrom: 'userinfo'` what
   * its userinfo endpoint tells beside them.
   */
  userInfo?: UserInfo;
  /** The account to key your users by; undefined where the provider does not say who signed in. */
  account?: ProviderAccount;
}
