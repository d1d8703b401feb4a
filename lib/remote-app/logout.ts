import type { LogoutParams } from '../oauth2/openid/logout-request.js';

/** Parameters of a logout, and the path for after the logout. */
export interface LogoutRedirectParams extends LogoutParams {
  /** A path on this site. The callback receives it: redirect the user to it after the logout. */
  returnTo?: string;
}

/** The result of a completed logout. */
export interface LogoutResult {
  /** The URI to which the provider sent the user back. Undefined if the callback has no state. */
  postLogoutRedirectUri?: string;
  /** The `returnTo` of the logout, or `/` if the logout was started without `returnTo` or the callback has no state. */
  returnTo: string;
}
