/** How OAuth 1 requests are signed. */
export interface OAuth1Kwargs {
  /**
   * `HMAC-SHA1`, `HMAC-SHA256`, `RSA-SHA1`, `RSA-SHA256`, `PLAINTEXT`, or a method that `complianceFix` registers
   * (RFC 5849 §3.4).
   * @default 'HMAC-SHA1'
   */
  signatureMethod?: string;
  /**
   * Where the signature is sent (RFC 5849 §3.5). `BODY` applies to form bodies; other requests send it in the header.
   * @default 'HEADER'
   */
  signatureType?: 'HEADER' | 'QUERY' | 'BODY';
  /** RSA private key in PEM, for the RSA methods. */
  rsaKey?: string;
  /** Realm of the `Authorization` header (RFC 5849 §3.5.1). It is not signed. */
  realm?: string;
  /**
   * Whether bodies that are not forms are signed, with `oauth_body_hash`.
   * @default false
   */
  forceIncludeBody?: boolean;
}

/** How OAuth 2 requests are made. */
export interface OAuth2Kwargs {
  /** Requested scope (RFC 6749 §3.3). With `openid`, a login uses OpenID Connect. */
  scope?: string | string[];
  /** Separates scopes in requests, if the provider does not expect a space (Strava's comma). @default ' ' */
  scopeSeparator?: string;
  /**
   * How the client authenticates (RFC 6749 §2.3): `client_secret_basic`, `client_secret_post`, `client_secret_jwt`,
   * `private_key_jwt`, `tls_client_auth`, `self_signed_tls_client_auth`, `none`, or a method that `complianceFix` registers.
   * @default 'client_secret_basic' with a secret, else 'none'; if the metadata lists other methods, the first of them that the
   * client can use
   */
  tokenEndpointAuthMethod?: string;
  /**
   * Whether `client_secret_basic` encodes the credentials as a form (RFC 6749 §2.3.1). `none` is for providers that do not decode
   * them.
   * @default 'form'
   */
  basicAuthEncoding?: 'form' | 'none';
  /**
   * Where API calls send the token (RFC 6750 §2).
   * @default 'header'
   */
  tokenPlacement?: 'header' | 'body' | 'uri';
  /** PKCE (RFC 7636); `'none'` turns it off. @default 'S256' */
  codeChallengeMethod?: 'S256' | 'none';
  /**
   * A token is treated as expired this many seconds before its expiry. At most half its lifetime, and at most 86,400.
   * @default 60
   */
  leeway?: number;
  /** Fraction of the token's lifetime, between 0 and 1, after which an API call refreshes the token in the background. */
  refreshAhead?: number;
  /**
   * How long an API call waits for a refresh in this or another process, in seconds. At most 300.
   * @default 10
   */
  refreshTimeout?: number;
}
