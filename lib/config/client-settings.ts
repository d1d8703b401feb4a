import type { OAuthRequest } from '../common/oauth-request.js';
import type { ClientCertificate } from '../http/connections.js';
import type { FetchedToken, UpdateTokenContext } from '../token/token-store.js';
import type { OAuth2Token } from '../token/token.js';
import type { OAuth1Kwargs, OAuth2Kwargs } from './client-kwargs.js';
import type { ComplianceFix } from './compliance-fix.js';
import type { EitherCase } from './either-case.js';
import type { HttpOptions } from './http-options.js';
import type { PrivateKeyMaterial, PrivateKeys } from './private-key.js';

/** Parameters that are added to a request, by their wire names. */
export type RequestParameters = Record<string, string | number | boolean>;

/** What both protocols have in common. */
export interface CommonClientSettings {
  /** Client identifier; OAuth 1 calls it the consumer key. Also read from `{NAME}_CLIENT_ID`. */
  clientId?: string;
  /** Client secret; OAuth 1 calls it the consumer secret. Also read from `{NAME}_CLIENT_SECRET`. */
  clientSecret?: string;
  /** Where a code (RFC 6749 §3.2) or a request token (RFC 5849 §2.3) is exchanged for an access token. */
  accessTokenUrl?: string;
  /**
   * Further parameters of the access token request. In OAuth 2, `method: 'GET'` is not sent: it makes the request a GET,
   * for the providers that have it so.
   */
  accessTokenParams?: RequestParameters;
  /** Where the user is sent to authorize (RFC 6749 §3.1, RFC 5849 §2.2). */
  authorizeUrl?: string;
  /** Further parameters of every authorization request. */
  authorizeParams?: RequestParameters;
  /**
   * What relative paths of API calls are resolved against, by the URL rules: with `https://api.example/1.1/`, `users`
   * is `https://api.example/1.1/users` and `/users` is `https://api.example/users`. The user's token goes to this
   * origin and to no other.
   */
  apiBaseUrl?: string;
  /** Further origins that the user's token may be sent to. */
  apiOrigins?: string[];
  /**
   * Lets the provider's URLs be `http` for `localhost`, `*.localhost`, 127.0.0.0/8 and `[::1]`: for a provider on this
   * machine, in development and tests. Other hosts, such as those of a docker network, need the module option
   * `allowInsecureHttp` too, because anyone on the network path can read and change codes, tokens and secrets.
   * @default false
   */
  allowInsecureHttp?: boolean;
  /** Finds the user's token; goes before the module's `fetchToken`. */
  fetchToken?: (request: OAuthRequest) => FetchedToken | Promise<FetchedToken>;
  /** Repairs a provider's non-standard responses. */
  complianceFix?: ComplianceFix;
  /**
   * axios defaults of this client, for its requests to the provider and its API calls. They are merged over those of the
   * module, header by header. A client that is registered at run time may have only `headers` and a `timeout`.
   */
  http?: HttpOptions;
}

/** OAuth 1.0a (RFC 5849): a client that has a `requestTokenUrl`. */
export interface OAuth1ClientSettings extends CommonClientSettings {
  /** Where a login begins (RFC 5849 §2.1). */
  requestTokenUrl: string;
  /** Further parameters of the request token request. */
  requestTokenParams?: RequestParameters;
  /**
   * Accepts a provider of OAuth 1.0, which neither confirms the callback nor sends an `oauth_verifier`. Its logins are open
   * to session fixation (OAuth Security Advisory 2009-1): an attacker who gets a user to follow a link and to authorize there
   * receives that user's token.
   * @default false
   */
  allowSessionFixation?: boolean;
  clientKwargs?: EitherCase<OAuth1Kwargs>;
}

/** OAuth 2.0 and OpenID Connect: a client without a `requestTokenUrl`. */
export interface OAuth2ClientSettings
  extends Omit<CommonClientSettings, 'authorizeParams'>, ProviderEndpoints, OpenIdSettings, SecuritySettings {
  /**
   * Further parameters of every authorization request, by their wire names; objects and arrays (`claims`,
   * `authorization_details`) are sent as JSON.
   */
  authorizeParams?: Record<string, unknown>;
  /**
   * Where tokens are refreshed (RFC 6749 §6).
   * @default `accessTokenUrl`
   */
  refreshTokenUrl?: string;
  /** Further parameters of every refresh. */
  refreshTokenParams?: RequestParameters;
  /**
   * The provider's issuer, compared exactly. With it alone, the metadata is read from its well-known URL (OpenID Connect
   * Discovery 1.0 §4, or else RFC 8414 §3); with `jwksUri` too, none is read.
   */
  issuer?: string;
  /**
   * The provider's metadata (OpenID Connect Discovery 1.0, RFC 8414), read at first use. Endpoints that the settings
   * name win over it.
   */
  serverMetadataUrl?: string;
  /**
   * Accepts an issuer that the provider does not prove: with `jwksUri`, or with a `serverMetadataUrl` that is not the
   * issuer's well-known URL. Anyone who controls that URL can sign in as any user of the issuer. Not for clients that are
   * registered at run time.
   * @default false
   */
  allowIssuerImpersonation?: boolean;
  /**
   * Accepts the users of every tenant of a provider whose issuer is a template, such as Microsoft's `common` and
   * `organizations`: `{tenantid}` stands for the tenant (`tid`) of the id_token. Anyone who can create a tenant can sign in; an
   * application that serves only some tenants must check the claim `tid`.
   * @default false
   */
  allowAnyTenant?: boolean;
  /**
   * PKCE (RFC 7636), here or in `clientKwargs`; `'none'` turns it off, only for clients that authenticate.
   * @default 'S256'
   */
  codeChallengeMethod?: 'S256' | 'none';
  /** Receives every refreshed token; goes before the module's `updateToken`. */
  updateToken?: (token: OAuth2Token, context: UpdateTokenContext) => unknown;
  /**
   * `client_credentials` makes a machine client (RFC 6749 §4.4): it cannot sign users in, and its API calls carry a token of
   * its own, which is fetched, kept and renewed automatically.
   * @default 'authorization_code'
   */
  grantType?: 'authorization_code' | 'client_credentials';
  /** The API, or APIs, that tokens are asked for (RFC 8707). */
  resource?: string | string[];
  clientKwargs?: EitherCase<OAuth2Kwargs>;
}

/** Endpoints for which there is no older name; each wins over the metadata's. */
export interface ProviderEndpoints {
  /** The provider's public keys (RFC 7517 §5). */
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

/** What of the provider's statements is believed, and how its user is learnt of. */
export interface OpenIdSettings {
  /**
   * Seconds that the provider's clock may differ from ours, at most 600. A larger one lets expired id_tokens pass for longer.
   * @default 30
   */
  clockTolerance?: number;
  /**
   * Where `@OAuthUserInfo()` has its claims from: the id_token, or the userinfo endpoint as well (OpenID Connect Core §5.3).
   * @default 'id_token'
   */
  userInfoFrom?: 'id_token' | 'userinfo';
  /** The only algorithm that id_tokens and logout tokens may be signed with. @default what the metadata lists */
  idTokenSignedResponseAlg?: string;
  /** Userinfo must be signed, with this algorithm. */
  userinfoSignedResponseAlg?: string;
  /** The only algorithm that JWT authorization responses may be signed with. @default what the metadata lists */
  authorizationSignedResponseAlg?: string;
  /** Introspection must be signed, with this algorithm (RFC 9701). */
  introspectionSignedResponseAlg?: string;
  /**
   * The id_token of a `code id_token` answer must sign the state too, by `s_hash` (FAPI 1.0 Advanced §5.2.2.1).
   * @default false
   */
  detachedSignature?: boolean;
  /**
   * Accepts id_tokens without a nonce in the code flow, for providers that never repeat it (LinkedIn). The login no longer
   * notices an authorization code that was injected from another login, unless the provider checks PKCE. A nonce that
   * is present is still checked.
   * @default false
   */
  allowMissingNonce?: boolean;
}

/** How requests are kept from being forged, changed or replayed. */
export interface SecuritySettings {
  /**
   * The client's private keys, for `private_key_jwt`, signed requests and encrypted answers. To rotate, publish the new
   * key as the second, then move it to the front; or give a function.
   */
  privateKeys?: PrivateKeys;
  /**
   * The audience of client assertions (RFC 7523 §3): the issuer, or for providers that require it the endpoint that the
   * assertion is sent to. `token_endpoint` is the same as `endpoint` at the token endpoint, and the issuer elsewhere.
   * @default 'issuer'
   */
  clientAssertionAudience?: 'issuer' | 'token_endpoint' | 'endpoint';
  /** The certificate that the client shows in TLS (RFC 8705), in PEM. */
  clientCertificate?: ClientCertificate;
  /** Push every authorization request (RFC 9126). @default what the metadata requires */
  requirePushedAuthorizationRequests?: boolean;
  /** Sign every authorization request (RFC 9101). @default what the metadata requires */
  requireSignedRequestObject?: boolean;
  /** Encrypt signed requests for the provider, such as `RSA-OAEP-256` (RFC 9101 §4). */
  requestObjectEncryptionAlg?: string;
  /** @default 'A256GCM' */
  requestObjectEncryptionEnc?: string;
  /** Ask for tokens that are bound to a key (DPoP, RFC 9449). @default false */
  dpopBoundAccessTokens?: boolean;
  /** The key that tokens are bound to. @default a new one for each login, kept with its token */
  dpopKey?: PrivateKeyMaterial;
}

/** One client, as `AUTHLIB_OAUTH_CLIENTS`, `forRoot()` or `register()` are given it: in camelCase or in snake_case. */
export type ClientSettings = EitherCase<OAuth1ClientSettings> | EitherCase<OAuth2ClientSettings>;
