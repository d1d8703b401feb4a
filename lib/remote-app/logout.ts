import type { LogoutParams } from '../oauth2/openid/logout-request.js';

/** What one logout asks for, and where the user goes when it is done. */
export interface LogoutRedirectParams extends LogoutParams {
  /** A path of this site; the callback gets it back. */
  returnTo?: string;
}

/** A logout that is done. */
export interface LogoutResult {
  /** Where the provider sent the user back to; undefined when the callback has no state, and so names no logout. */
  postLogoutRedirectUri?: string;
  /** The path of this site that the logout was begun with; `/` when it named none, or when the callback has no state. */
  returnTo: string;
}
