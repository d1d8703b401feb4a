/**
 * The names of parameters at a provider that uses other names than the specification, by the names of the specification. `false`
 * omits the parameter.
 *
 * @example { client_id: 'client_key', grant_type: false }
 */
export type ParameterNames = Record<string, string | false>;

/** Differences of the authorization request from the specification (RFC 6749 §4.1.1). */
export interface AuthorizationRequestSettings {
  /**
   * Renames or omits parameters (TikTok's `client_key`, Slack's `user_scope`). Parameters that protect the login, such as `nonce` and
   * `code_challenge`, keep their names. `state` can be omitted with `stateInRedirectUri`. Not possible with pushed or signed requests.
   */
  parameterNames?: ParameterNames;
  /** Added to the end of the authorization URL (WeChat's `#wechat_redirect`). */
  fragment?: string;
  /**
   * Sends the state in the query of the redirect URI too, for providers that do not return the state (Mixcloud). The provider must
   * accept a redirect URI with a query.
   * @default false
   */
  stateInRedirectUri?: boolean;
}

/** Differences of token requests from the specification (RFC 6749 §4.1.3). They apply to every grant except refreshes with own settings. */
export interface TokenRequestSettings {
  /**
   * How the parameters are sent: as a form, as a JSON object, or in the query of a GET request.
   * @default 'form'
   */
  format?: 'form' | 'json' | 'query';
  /** Renames or omits parameters, including the `client_id` and `client_secret` of `client_secret_post`. */
  parameterNames?: ParameterNames;
  /**
   * Additional headers. `{client_id}` and `{client_secret}` are replaced by the credentials. They do not replace the headers of the
   * protocol, such as `Authorization` and `Accept`.
   */
  headers?: Record<string, string>;
}

/** Differences of the request that exchanges the code. */
export interface CodeRequestSettings extends TokenRequestSettings {
  /** Parameters of the callback that the request repeats (VK ID's `device_id`, Naver's `state`). */
  callbackParameters?: string[];
}

/** Differences of the refresh request from the specification (RFC 6749 §6). Without it, `tokenRequest` applies. */
export interface RefreshRequestSettings extends TokenRequestSettings {
  /** The `grant_type` of the request (Instagram's `ig_refresh_token`). @default 'refresh_token' */
  grantType?: string;
}

/** The request that exchanges a short-lived access token for a long-lived one, right after the login (Instagram, Threads). */
export interface LongLivedTokenRequestSettings extends TokenRequestSettings {
  url: string;
  grantType: string;
}

/** Differences of token responses from the specification (RFC 6749 §5.1). They apply to all token responses, after the compliance hooks. */
export interface TokenResponseSettings {
  /**
   * The path of the object with the fields (Slack's `authed_user`, Withings' `body`). Keys are separated by dots. The fields of a token
   * are read only there; the response to a refresh may have them at the top level.
   */
  path?: string;
  /**
   * The names of fields at the provider, by the names of the specification (DingTalk's `accessToken`). Instagram has no refresh
   * token and refreshes with the access token: `{ refresh_token: 'access_token' }`.
   */
  fieldNames?: Record<string, string>;
  /** The unit of `expires_in`. @default 'seconds' */
  expiresInUnit?: 'seconds' | 'milliseconds';
}

/** How API calls send the token and headers, if the API differs from RFC 6750. */
export interface ApiRequestSettings {
  /** Headers of every API call (`Notion-Version`, `Client-Id`). `{client_id}` is replaced by the client identifier. */
  headers?: Record<string, string>;
  /** The scheme before the token in the header: `OAuth`, or `''` for the token alone. @default 'Bearer' */
  tokenScheme?: string;
  /** The header with the token, without a scheme (Shopify's `X-Shopify-Access-Token`). */
  tokenHeader?: string;
  /** The name of the parameter with the token, for the token placements `uri` and `body`. @default 'access_token' */
  tokenParameter?: string;
}

/** The base URL of API calls in a field of the user's token (Salesforce's `instance_url`, Pipedrive's `api_domain`). */
export interface TokenApiBaseUrlSettings {
  /** The field of the token response. */
  field: string;
  /** Hosts that may receive the token: `api.example.com`, or `*.example.com` for all of its subdomains. */
  hosts: string[];
  /** A path that is added to the base URL. */
  path?: string;
}

/** A client secret that is a JWT, signed with a private key for Sign in with Apple. */
export interface ClientSecretJwtSettings {
  /** Apple's team ID, which becomes `iss`. */
  teamId: string;
  /** Apple's key ID, which becomes `kid`. */
  keyId: string;
  /** The private key (EC P-256) in PEM: the content of Apple's `.p8` file. */
  privateKey?: string;
  /** The path of a file with the private key. Not allowed for clients that are registered at run time. */
  privateKeyFile?: string;
  /** The provider, which becomes `aud`. The preset `apple` sets it. */
  audience?: string;
}
