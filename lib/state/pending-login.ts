/** A login that was begun and whose callback has not come: what the callback needs, and what it is checked against. */
export interface PendingLogin {
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
  /** Secret of the OAuth 1 request token, whose token is the state (RFC 5849 §2.1). */
  requestTokenSecret?: string;
}
