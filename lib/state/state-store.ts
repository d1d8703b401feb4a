import type { OAuthRequest } from '../common/oauth-request.js';
import type { OAuthResponse } from './oauth-response.js';

/** A login or logout that was started, and whose callback has not been received yet. Serializable as JSON. */
export interface Pending {
  /** The callback of a logout cannot complete a login, nor the reverse. */
  kind: 'login' | 'logout';
  /** The client with which it was started. Only the same client can complete it. */
  provider: string;
  /** The values against which the callback is checked. The browser may read them. */
  checks: { responseMode?: string; responseType?: string };
  /** The redirect URI that was sent, or the post-logout redirect URI. */
  redirectUri?: string;
  /** The path on this site for after the login or logout. */
  returnTo?: string;
  /** Values that the browser must not read. They are encrypted wherever the browser could read them. */
  secrets?: object;
}

/** Identifies a pending login or logout. */
export interface PendingKey {
  kind: Pending['kind'];
  /** The name of the client. */
  provider: string;
  /** The `state` of the request (RFC 6749 §4.1.1), or the request token (RFC 5849 §2.1). */
  state: string;
  /** Whether the login uses https, by its redirect URI and `baseUrl`, or else by the request. If so, its cookie is `Secure`. */
  https: boolean;
}

/**
 * Keeps pending logins and logouts. Each is bound to a browser: only the browser that started it can complete it (RFC 6749
 * §10.12).
 */
export interface StateStore<Login extends Pending = Pending> {
  /** Saves a pending login or logout. Must be called before the browser is redirected. */
  save(request: OAuthRequest, response: OAuthResponse, key: PendingKey, pending: Login): Promise<void>;
  /**
   * Removes a pending login or logout, and returns it. It can be taken only once.
   * @throws {MismatchingStateError} when this browser does not have a pending login or logout with this key
   */
  take(request: OAuthRequest, response: OAuthResponse, key: PendingKey): Promise<Login>;
}
