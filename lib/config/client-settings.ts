import type { OAuthRequest } from '../common/oauth-request.js';
import type { FetchedToken, UpdateTokenContext } from '../token/token-store.js';
import type { OAuth2Token } from '../token/token.js';
import type { OAuth1Kwargs, OAuth2Kwargs } from './client-kwargs.js';
import type { ComplianceFix } from './compliance-fix.js';
import type { EitherCase } from './either-case.js';
import type { HttpOptions } from './http-options.js';
import type { OpenIdSettings, ProviderEndpoints } from './openid-settings.js';
import type { PresetName, PresetVariableName } from './preset-name.js';
import type { ProfileFunction, ProfileSettings } from './profile-settings.js';
import type { SecuritySettings } from './security-settings.js';
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

/** Settings of one client in `AUTHLIB_OAUTH_CLIENTS`, `forRoot()` or `register()`, in camelCase or in snake_case. */
export type ClientSettings = EitherCase<OAuth1ClientSettings> | EitherCase<OAuth2ClientSettings>;
