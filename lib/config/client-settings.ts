import type { OAuthRequest } from '../common/oauth-request.js';
import type { ClientCertificate } from '../http/connections.js';
import type { FetchedToken, UpdateTokenContext } from '../token/token-store.js';
import type { OAuth2Token } from '../token/token.js';
import type { OAuth1Kwargs, OAuth2Kwargs } from './client-kwargs.js';
import type { ComplianceFix } from './compliance-fix.js';
import type { EitherCase } from './either-case.js';
import type { HttpOptions } from './http-options.js';
import type { PresetName, PresetVariableName } from './preset-name.js';
import type { PrivateKeyMaterial, PrivateKeys } from './private-key.js';
import type { ProfileFunction, ProfileSettings } from './profile-settings.js';
import type {
  ApiRequestSettings,
  AuthorizationRequestSettings,
  ClientSecretJwtSettings,
  CodeRequestSettings,
  LongLivedTokenRequestSettings,
  RefreshRequestSettings,
  TokenApiBaseUrlSettings,
  TokenResponseSettings,
} from './wire-settings.js';

/** Additional parameters of a request, by their wire names. */
export type RequestParameters = Record<string, string | number | boolean>;

/** Settings of both protocols. */
export interface CommonClientSettings {
  /**
   * The provider's preset, which supplies all settings that are not set here. Not needed if the client has the name of a preset and
   * no endpoint.
   */
  preset?: PresetName;
  /** The values of the preset's variables (`{ tenant: 'contoso' }`). */
  variables?: Partial<Record<PresetVariableName, string>>;
  /** Client identifier (in OAuth 1: consumer key). Also read from the variable `{NAME}_CLIENT_ID`. */
  clientId?: string;
  /** Client secret (in OAuth 1: consumer secret). Also read from the variable `{NAME}_CLIENT_SECRET`. */
  clientSecret?: string;
  /** The endpoint that exchanges a code (RFC 6749 §3.2) or a request token (RFC 5849 §2.3) for an access token. */
  accessTokenUrl?: string;
  /**
   * Additional parameters of the access token request. In OAuth 2, `method: 'GET'` is not sent as a parameter: it changes the
   * request to GET, for providers that require this.
   */
  accessTokenParams?: RequestParameters;
  /** The endpoint to which the user is redirected for authorization (RFC 6749 §3.1, RFC 5849 §2.2). */
  authorizeUrl?: string;
  /** Additional parameters of every authorization request. */
  authorizeParams?: RequestParameters;
  /**
   * The base URL of relative paths in API calls, resolved as in `new URL(path, base)`: with `https://api.example/1.1/`, `users`
   * is `https://api.example/1.1/users` and `/users` is `https://api.example/users`. The user's token is sent only to the origin
   * of this URL and to `apiOrigins`.
   */
  apiBaseUrl?: string;
  /** Additional origins to which the user's token may be sent. */
  apiOrigins?: string[];
  /**
   * Allows `http` in the provider's URLs for `localhost`, `*.localhost`, 127.0.0.0/8 and `[::1]`, for a provider on this
   * machine in development and tests. Other hosts, such as those of a Docker network, also require the module option
   * `allowInsecureHttp`, because anyone on the network path can read and change codes, tokens and secrets.
   * @default false
   */
  allowInsecureHttp?: boolean;
  /** Finds the user's token. Replaces the module's `fetchToken` for this client. */
  fetchToken?: (request: OAuthRequest) => FetchedToken | Promise<FetchedToken>;
  /** Repairs a provider's non-standard requests and responses. */
  complianceFix?: ComplianceFix;
  /**
   * axios defaults of this client, for its requests to the provider and its API calls. They are merged over the module's
   * defaults, header by header. A client that is registered at run time may set only `headers` and `timeout`.
   */
  http?: HttpOptions;
  /** How the user's claims are read: sources of the claims, or a function. */
  profile?: ProfileSettings | ProfileFunction;
  /**
   * Whether a login fails if its `profile` cannot be read. If `false`, the failure is logged, and the login continues with the claims
   * of the id_token, or without user info if there is none.
   * @default true
   */
  requireProfile?: boolean;
  /**
   * Parameters of the callback that the login keeps (QuickBooks' `realmId`). They become fields of the token, if the token response
   * has no field with this name, and sources of `profile`.
   */
  callbackParameters?: string[];
  /** How API calls send the token and headers, if the API differs from RFC 6750. */
  apiRequest?: EitherCase<ApiRequestSettings>;
}

/** OAuth 1.0a (RFC 5849): a client that has a `requestTokenUrl`. */
export interface OAuth1ClientSettings extends CommonClientSettings {
  /** The endpoint that issues request tokens (RFC 5849 §2.1). */
  requestTokenUrl: string;
  /** Additional parameters of the request token request. */
  requestTokenParams?: RequestParameters;
  /**
   * Accepts a provider of OAuth 1.0, which neither confirms the callback nor sends an `oauth_verifier`. Its logins are
   * vulnerable to session fixation (OAuth Security Advisory 2009-1): an attacker who makes a user follow a link and authorize
   * the request receives the user's token.
   * @default false
   */
  allowSessionFixation?: boolean;
  clientKwargs?: EitherCase<OAuth1Kwargs>;
}

/** OAuth 2.0 and OpenID Connect: a client without a `requestTokenUrl`. */
export interface OAuth2ClientSettings
  extends Omit<CommonClientSettings, 'authorizeParams'>, ProviderEndpoints, OpenIdSettings, SecuritySettings {
  /**
   * Additional parameters of every authorization request, by their wire names. Objects and arrays (`claims`,
   * `authorization_details`) are sent as JSON.
   */
  authorizeParams?: Record<string, unknown>;
  /**
   * The endpoint that refreshes tokens (RFC 6749 §6).
   * @default `accessTokenUrl`
   */
  refreshTokenUrl?: string;
  /** Additional parameters of every refresh request. */
  refreshTokenParams?: RequestParameters;
  /**
   * The provider's issuer, compared exactly. Without `serverMetadataUrl`, the metadata is read from the issuer's well-known URL
   * (OpenID Connect Discovery 1.0 §4, or else RFC 8414 §3). With `jwksUri`, no metadata is read.
   */
  issuer?: string;
  /**
   * The URL of the provider's metadata (OpenID Connect Discovery 1.0, RFC 8414), which is read at first use. Endpoints in the
   * settings take precedence over the metadata.
   */
  serverMetadataUrl?: string;
  /**
   * Accepts an issuer that the provider does not prove: with `jwksUri`, or with a `serverMetadataUrl` that is not the issuer's
   * well-known URL. Anyone who controls that URL can sign in as any user of the issuer. Not allowed for clients that are
   * registered at run time.
   * @default false
   */
  allowIssuerImpersonation?: boolean;
  /**
   * Accepts the users of every tenant of a provider whose issuer is a template, such as Microsoft's `common` and
   * `organizations`. `{tenantid}` is replaced by the tenant (`tid`) of the id_token. Anyone who can create a tenant can sign in,
   * so an application that serves only some tenants must check the claim `tid`.
   * @default false
   */
  allowAnyTenant?: boolean;
  /**
   * PKCE (RFC 7636), here or in `clientKwargs`. `'none'` turns PKCE off, and is allowed only for clients that authenticate.
   * @default 'S256'
   */
  codeChallengeMethod?: 'S256' | 'none';
  /** Receives every refreshed token. Replaces the module's `updateToken` for this client. */
  updateToken?: (token: OAuth2Token, context: UpdateTokenContext) => unknown;
  /**
   * `client_credentials` configures a machine client (RFC 6749 §4.4). It cannot sign users in. Its API calls send the client's
   * own token, which is requested, kept and renewed automatically.
   * @default 'authorization_code'
   */
  grantType?: 'authorization_code' | 'client_credentials';
  /** The resource or resources (APIs) for which tokens are requested (RFC 8707). */
  resource?: string | string[];
  /** Differences of the authorization request from the specification. */
  authorizationRequest?: EitherCase<AuthorizationRequestSettings>;
  /** Differences of the request for the code from the specification. */
  tokenRequest?: EitherCase<CodeRequestSettings>;
  /** Differences of the refresh request from the specification. @default `tokenRequest` */
  refreshRequest?: EitherCase<RefreshRequestSettings>;
  /** Exchanges the access token of a login for a long-lived one. */
  longLivedTokenRequest?: EitherCase<LongLivedTokenRequestSettings>;
  /** Differences of token responses from the specification. */
  tokenResponse?: EitherCase<TokenResponseSettings>;
  /** Takes the base URL of API calls from the user's token. */
  tokenApiBaseUrl?: EitherCase<TokenApiBaseUrlSettings>;
  /** Signs the client secret for each request (Sign in with Apple). Replaces `clientSecret`. */
  clientSecretJwt?: EitherCase<ClientSecretJwtSettings>;
  /** Sent as `redirect_uri`, if the provider registers a name instead of a URL (eBay's RuName). */
  registeredRedirectUri?: string;
  /** Checks the signature of the callback: `shopify` checks Shopify's `hmac` with the client secret. */
  callbackSignature?: 'shopify';
  clientKwargs?: EitherCase<OAuth2Kwargs>;
}

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

/** Settings that protect requests against forgery, modification and replay. */
export interface SecuritySettings {
  /**
   * The client's private keys, for `private_key_jwt`, signed requests and encrypted responses. To rotate keys, add the new key as
   * the second key, and later move it to the front; or pass a function that returns the keys.
   */
  privateKeys?: PrivateKeys;
  /**
   * The audience of client assertions (RFC 7523 §3). `issuer` is the issuer. `endpoint` is the endpoint that receives the
   * assertion. `token_endpoint` is the endpoint for requests to the token endpoint, and the issuer for other requests.
   * @default 'issuer'
   */
  clientAssertionAudience?: 'issuer' | 'token_endpoint' | 'endpoint';
  /** The client certificate for mutual TLS (RFC 8705), in PEM. */
  clientCertificate?: ClientCertificate;
  /** Pushes every authorization request (RFC 9126). @default false, or true if the metadata requires it */
  requirePushedAuthorizationRequests?: boolean;
  /** Signs every authorization request (RFC 9101). @default false, or true if the metadata requires it */
  requireSignedRequestObject?: boolean;
  /** Encrypts signed authorization requests with this algorithm, such as `RSA-OAEP-256` (RFC 9101 §4). */
  requestObjectEncryptionAlg?: string;
  /** The content encryption algorithm of encrypted authorization requests. @default 'A256GCM' */
  requestObjectEncryptionEnc?: string;
  /** Requests tokens that are bound to a key (DPoP, RFC 9449). @default false */
  dpopBoundAccessTokens?: boolean;
  /** The private key that tokens are bound to. @default a new key for each login, which is stored with its token */
  dpopKey?: PrivateKeyMaterial;
}

/** Settings of one client in `AUTHLIB_OAUTH_CLIENTS`, `forRoot()` or `register()`, in camelCase or in snake_case. */
export type ClientSettings = EitherCase<OAuth1ClientSettings> | EitherCase<OAuth2ClientSettings>;
