import type { JsonWebKey } from 'node:crypto';

/** A login that was begun and whose callback has not come: what the callback needs, and what it is checked against. */
export interface PendingLogin {
  kind?: 'login';
  /** The client that it was begun with; no other may finish it. */
  provider: string;
  /** The redirect URI that was sent; the token request repeats it (RFC 6749 §4.1.3). */
  redirectUri?: string;
  /** Where in this site the user goes when the login is done. */
  returnTo?: string;
  /** PKCE (RFC 7636). */
  codeVerifier?: string;
  /** OpenID Connect. */
  nonce?: string;
  /** `max_age` that was asked for, in seconds (OpenID Connect Core §3.1.2.1). */
  maxAge?: number;
  /** `acr_values` that were asked for. */
  acrValues?: string[];
  /** `response_type`, where it is not `code`. */
  responseType?: string;
  /** `response_mode`, where one was asked for. */
  responseMode?: string;
  /** `resource` that was asked for (RFC 8707). */
  resource?: string[];
  /** Private JWK that the token is to be bound to (RFC 9449). */
  dpopKey?: JsonWebKey;
  /** Secret of the OAuth 1 request token, whose token is the state (RFC 5849 §2.1). */
  requestTokenSecret?: string;
}

/** A logout that was begun at the provider, and whose callback has not come. */
export interface PendingLogout {
  kind: 'logout';
  /** The client that it was begun with; no other may finish it. */
  provider: string;
  postLogoutRedirectUri: string;
  /** Where in this site the user goes when the logout is done. */
  returnTo?: string;
}
