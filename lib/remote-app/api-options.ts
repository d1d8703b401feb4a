import type { AxiosRequestConfig } from 'axios';
import type { OAuthRequest } from '../common/oauth-request.js';
import type { StoredToken } from '../token/token.js';

/**
 * Whose token a call carries. If several are given, the first that applies counts: `token`; for a machine client, its own
 * token; `fetchToken` with `request`; a `TokenStore` with `user`, or else with the user of `request`.
 */
export interface TokenSource {
  /** The token itself. */
  token?: StoredToken;
  /** The request whose user's token it is. */
  request?: OAuthRequest;
  /**
   * Your user's id, a non-empty string or a safe integer, where there is no request, such as in a scheduled job. The token
   * is found in the `TokenStore`.
   */
  user?: string | number;
}

/** Options of an API call: whose token it carries, and axios' own (`params`, `headers`, `timeout` in milliseconds, ...). */
export interface ApiRequestOptions extends TokenSource, Omit<AxiosRequestConfig, 'url' | 'method'> {
  /**
   * `false` calls without a user's token: OAuth 1 signs with the client alone (a one-legged call), and OAuth 2 sends nothing,
   * as `withholdToken` does.
   * @default true
   */
  withToken?: boolean;
  /** Send no token and no signature. */
  withholdToken?: boolean;
}
