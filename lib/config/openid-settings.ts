/** Endpoints with their names from the metadata, in camelCase. Each takes precedence over the endpoint in the metadata. */
export interface ProviderEndpoints {
  /** The URL of the provider's public keys (RFC 7517 §5). */
  jwksUri?: string;
  /** OpenID Connect Core §5.3. */
  userinfoEndpoint?: string;
  /** RFC 7009. */
  revocationEndpoint?: string;
  /** RFC 7662. */
  introspectionEndpoint?: string;
  /** OpenID Connect RP-Initiated Logout 1.0 §2. */
  endSessionEndpoint?: string;
  /** RFC 9126. */
  pushedAuthorizationRequestEndpoint?: string;
  /** RFC 8628 §3.1. */
  deviceAuthorizationEndpoint?: string;
  /** OpenID Connect CIBA §7. */
  backchannelAuthenticationEndpoint?: string;
  /** RFC 7591 §3. */
  registrationEndpoint?: string;
}

/** Settings for the validation of the provider's responses, and for user info. */
export interface OpenIdSettings {
  /**
   * Allowed difference between the provider's clock and the clock of this server, in seconds. At most 600. A greater tolerance
   * accepts expired id_tokens for longer.
   * @default 30
   */
  clockTolerance?: number;
  /**
   * The source of the claims of `@OAuthUserInfo()`: the id_token only, or also the userinfo endpoint (OpenID Connect Core §5.3).
   * @default 'id_token'
   */
  userInfoFrom?: 'id_token' | 'userinfo';
  /** The only accepted signature algorithm of id_tokens and logout tokens. @default the algorithms in the metadata */
  idTokenSignedResponseAlg?: string;
  /** Requires userinfo responses to be signed with this algorithm. */
  userinfoSignedResponseAlg?: string;
  /** The only accepted signature algorithm of JWT authorization responses. @default the algorithms in the metadata */
  authorizationSignedResponseAlg?: string;
  /** Requires introspection responses to be signed with this algorithm (RFC 9701). */
  introspectionSignedResponseAlg?: string;
  /**
   * Requires `s_hash`, a hash of the state, in the id_token of a `code id_token` response (FAPI 1.0 Advanced §5.2.2.1).
   * @default false
   */
  detachedSignature?: boolean;
  /**
   * Accepts id_tokens without a nonce in the code flow, for providers that never return the nonce (LinkedIn). Then only PKCE, if
   * the provider checks it, detects an authorization code that was injected from another login. A nonce that is present is
   * still checked.
   * @default false
   */
  allowMissingNonce?: boolean;
  /**
   * Accepts id_tokens that are signed with the client secret (HS256), for providers that offer nothing else (LINE). Anyone who knows
   * the client secret can then create id_tokens. Other algorithms are no longer accepted.
   * @default false
   */
  allowSecretSignedIdToken?: boolean;
}
