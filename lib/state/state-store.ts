import type { OAuthRequest } from '../common/oauth-request.js';
import type { OAuthResponse } from './oauth-response.js';

/** A login, or a logout, that was begun and whose callback has not come. It is plain JSON. */
export interface Pending {
  /** A logout never passes for a login, nor the other way round. */
  kind: 'login' | 'logout';
  /** The client that it was begun with; no other may finish it. */
  provider: string;
  /** What the callback is checked against. A browser may read it. */
  checks: { responseMode?: string; responseType?: string };
  /** The redirect URI that was sent, or the post-logout redirect URI. */
  redirectUri?: string;
  /** Where in this site the user goes when it is done. */
  returnTo?: string;
  /** What no browser may read: it is sealed wherever a browser could. */
  secrets?: object;
}

/** Which of them. */
export interface PendingKey {
  kind: Pending['kind'];
  /** The client. */
  provider: string;
  /** The `state` of the request (RFC 6749 §4.1.1), or the request token (RFC 5849 §2.1). */
  state: string;
  /** Whether the login is on https: by its redirect URI and `baseUrl`, or else by the request. Then its cookie is `Secure`. */
  https: boolean;
}

/**
 * Where a login, or a logout, waits for its callback. It is bound to the browser: what one browser began, no other may finish
 * (RFC 6749 §10.12).
 */
export interface StateStore<Login extends Pending = Pending> {
  /** Keeps it, before the browser is redirected. */
  save(request: OAuthRequest, response: OAuthResponse, key: PendingKey, pending: Login): Promise<void>;
  /**
   * Takes it out; it can be taken once.
   * @throws {MismatchingStateError} when this browser has none with this key; its reason says why
   */
  take(request: OAuthRequest, response: OAuthResponse, key: PendingKey): Promise<Login>;
}
