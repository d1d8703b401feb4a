import type { AxiosRequestConfig } from 'axios';
import type { OAuthRequest } from '../oauth-request.js';
import type { StoredToken } from '../token/token.js';

/** Options of an API call: whose token it carries, and axios' own (`params`, `headers`, `timeout` in milliseconds, ...). */
export interface ApiRequestOptions extends Omit<AxiosRequestConfig, 'url' | 'method'> {
  /** The token itself; goes before `request`. */
  token?: StoredToken;
  /** The request whose user's token `fetchToken` finds. */
  request?: OAuthRequest;
  /** Send no token. */
  withholdToken?: boolean;
}
