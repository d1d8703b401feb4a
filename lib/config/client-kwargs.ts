/** How OAuth 1 requests are signed. */
export interface OAuth1Kwargs {
  /**
   * `HMAC-SHA1`, `HMAC-SHA256`, `RSA-SHA1`, `RSA-SHA256`, `PLAINTEXT`, or one that `complianceFix` registers
   * (RFC 5849 §3.4).
   * @default 'HMAC-SHA1'
   */
  signatureMethod?: string;
  /**
   * Where the signature goes (RFC 5849 §3.5). `BODY` is for form bodies; other requests are signed in the header.
   * @default 'HEADER'
   */
  signatureType?: 'HEADER' | 'QUERY' | 'BODY';
  /** Private key in PEM, for the RSA methods. */
  rsaKey?: string;
  /** Realm of the `Authorization` header; takes no part in the signature. */
  realm?: string;
  /**
   * Sign bodies that are not forms too, by `oauth_body_hash`.
   * @default false
   */
  forceIncludeBody?: boolean;
}

/** How OAuth 2 requests are made. */
export interface OAuth2Kwargs {
  /** Scope that a login asks for (RFC 6749 §3.3); `openid` makes it an OpenID Connect login. */
  scope?: string | string[];
  /**
   * How the client authenticates (RFC 6749 §2.3): `client_secret_basic`, `client_secret_post`, `client_secret_jwt`,
   * `private_key_jwt`, `tls_client_auth`, `self_signed_tls_client_auth`, `none`, or one that `complianceFix` registers.
   * @default 'client_secret_basic' with a secret, else 'none'; where the metadata lists other methods, the first of
   * them that the client can use
   */
  tokenEndpointAuthMethod?: string;
  /**
   * Where API calls carry the token (RFC 6750 §2).
   * @default 'header'
   */
  tokenPlacement?: 'header' | 'body' | 'uri';
  /** PKCE (RFC 7636); `'none'` turns it off. @default 'S256' */
  codeChallengeMethod?: 'S256' | 'none';
  /**
   * How long before its expiry a token counts as expired, in seconds; at most half its lifetime, and at most 86,400.
   * @default 60
   */
  leeway?: number;
  /** Part of its lifetime, between 0 and 1, after which a token in use is refreshed while nobody waits for it. */
  refreshAhead?: number;
  /**
   * How long an API call waits for a token that is being refreshed, here or by another process, in seconds; at most 300.
   * @default 10
   */
  refreshTimeout?: number;
}
