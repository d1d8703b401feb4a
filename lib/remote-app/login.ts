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

/** An authorization URL, and what its callback will be checked against. By OAuth 1, the state is the request token. */
export interface AuthorizationRequest extends OAuth2AuthorizationRequest {
  /** OAuth 1: the request token and its secret (RFC 5849 §2.1). */
  requestToken?: OAuth1Token;
}

/** What is kept until the callback comes. */
export interface AuthorizeData extends AuthorizationChecks {
  /** OAuth 1: the request token and its secret (RFC 5849 §2.1). */
  requestToken?: OAuth1Token;
  /** The redirect URI that was sent. */
  redirectUri?: string;
  /** A path of this site. */
  returnTo?: string;
}

/** A login that was begun and whose callback has not come: what the callback needs, and what it is checked against. */
export interface PendingLogin extends Omit<AuthorizationChecks, 'state'>, Pending {
  /** The redirect URI that was sent; the token request repeats it (RFC 6749 §4.1.3). */
  redirectUri?: string;
  /** Where in this site the user goes when the login is done. */
  returnTo?: string;
  /** Secret of the OAuth 1 request token, whose token is the state (RFC 5849 §2.1). */
  requestTokenSecret?: string;
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
