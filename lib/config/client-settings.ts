import type { OAuthRequest } from '../oauth-request.js';
import type { FetchedToken, UpdateTokenContext } from '../token/token-store.js';
import type { OAuth2Token } from '../token/token.js';
import type { ComplianceFix } from './compliance-fix.js';

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
  /** Where the user is sent to authorise (RFC 6749 §3.1, RFC 5849 §2.2). */
  authorizeUrl?: string;
  /** Further parameters of every authorisation request. */
  authorizeParams?: RequestParameters;
  /**
   * What relative paths of API calls are resolved against, by the URL rules: with `https://api.example/1.1/`, `users`
   * is `https://api.example/1.1/users` and `/users` is `https://api.example/users`. The user's token goes to this
   * origin and to no other.
   */
  apiBaseUrl?: string;
  /** Further origins that the user's token may be sent to. */
  apiOrigins?: string[];
  /** Finds the user's token; goes before the module's `fetchToken`. */
  fetchToken?: (request: OAuthRequest) => FetchedToken | Promise<FetchedToken>;
  /** Mends a provider that breaks the standard. */
  complianceFix?: ComplianceFix;
}

/** OAuth 1.0a (RFC 5849): a client that has a `requestTokenUrl`. */
export interface OAuth1ClientSettings extends CommonClientSettings {
  /** Where a login begins (RFC 5849 §2.1). */
  requestTokenUrl: string;
  /** Further parameters of the request token request. */
  requestTokenParams?: RequestParameters;
  clientKwargs?: EitherCase<OAuth1Kwargs>;
}

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

/** OAuth 2.0 and OpenID Connect: a client without a `requestTokenUrl`. */
export interface OAuth2ClientSettings extends CommonClientSettings {
  /**
   * Where tokens are refreshed (RFC 6749 §6).
   * @default `accessTokenUrl`
   */
  refreshTokenUrl?: string;
  /** Further parameters of every refresh. */
  refreshTokenParams?: RequestParameters;
  /**
   * The provider's metadata (OpenID Connect Discovery 1.0, RFC 8414), read at first use. Endpoints that the settings
   * name win over it.
   */
  serverMetadataUrl?: string;
  /** PKCE (RFC 7636); off unless set, here or in `clientKwargs`. */
  codeChallengeMethod?: 'S256';
  /** Is told of every token that was refreshed; goes before the module's `updateToken`. */
  updateToken?: (token: OAuth2Token, context: UpdateTokenContext) => unknown;
  clientKwargs?: EitherCase<OAuth2Kwargs>;
}

/** How OAuth 2 requests are made. */
export interface OAuth2Kwargs {
  /** Scope that a login asks for (RFC 6749 §3.3); `openid` makes it an OpenID Connect login. */
  scope?: string | string[];
  /**
   * How the client authenticates at the token endpoint (RFC 6749 §2.3): `client_secret_basic`, `client_secret_post`,
   * `none`, or one that `complianceFix` registers.
   * @default 'client_secret_basic' with a secret, else 'none'
   */
  tokenEndpointAuthMethod?: string;
  /**
   * Where API calls carry the token (RFC 6750 §2).
   * @default 'header'
   */
  tokenPlacement?: 'header' | 'body' | 'uri';
  /** PKCE (RFC 7636). */
  codeChallengeMethod?: 'S256';
  /**
   * How long before its time a token counts as expired, in seconds.
   * @default 60
   */
  leeway?: number;
}

type SnakeCase<Name extends string> = Name extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeCase<Tail>}`
  : Name;

/** An object whose keys are written in camelCase or in snake_case, `null` meaning absent. */
type EitherCase<T> =
  | { [Key in keyof T]: T[Key] | NullIfOptional<T, Key> }
  | { [Key in keyof T as SnakeCase<Key & string>]: T[Key] | NullIfOptional<T, Key> };
type NullIfOptional<T, Key extends keyof T> = undefined extends T[Key] ? null : never;

/** One client, as `AUTHLIB_OAUTH_CLIENTS`, `forRoot()` or `register()` are given it: in camelCase or in snake_case. */
export type ClientSettings = EitherCase<OAuth1ClientSettings> | EitherCase<OAuth2ClientSettings>;

/** How code and settings of one client are put together. */
export interface RegisterOptions {
  /**
   * By default what is given in code wins and settings fill the gaps; with `true` the settings win, key by key, and
   * `*Params` and `clientKwargs` are merged.
   * @default false
   */
  overwrite?: boolean;
}
