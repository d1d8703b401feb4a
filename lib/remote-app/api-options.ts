import type { AxiosRequestConfig } from 'axios';
import type { OAuthRequest } from '../common/oauth-request.js';
import type { StoredToken } from '../token/token.js';

/**
 * Selects the token of a call. If several options are passed, the first source in this list that applies is used: `token`; the
 * token of a machine client; `fetchToken` with `request`; a `TokenStore` with `user`, or else with the user of `request`.
 */
export interface TokenSource {
  /** The token to use. */
  token?: StoredToken;
  /** A request of the user whose token to use. */
  request?: OAuthRequest;
  /**
   * The id of your user: a non-empty string or a safe integer. Use it where there is no request, such as in a scheduled job.
   * Requires a `TokenStore`.
   */
  user?: string | number;
}

/** Options of an API call: the source of its token, and the options of axios (`params`, `headers`, `timeout` in milliseconds, ...). */
export interface ApiRequestOptions extends TokenSource, Omit<AxiosRequestConfig, 'url' | 'method'> {
  /**
   * Whether to send the user's token. If `false`, OAuth 1 signs with the client's credentials only (a one-legged call), and
   * OAuth 2 sends no credentials, as with `withholdToken`.
   * @default true
   */
  withToken?: boolean;
  /** Sends the call without a token and without a signature. @default false */
  withholdToken?: boolean;
}
