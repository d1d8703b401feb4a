import type { OAuthRequest } from '../oauth-request.js';

/** What waits, with whatever its callback needs. It is plain JSON, and holds secrets. */
export interface Pending {
  /** A logout never passes for a login, nor the other way round. */
  kind?: 'login' | 'logout';
  /** The client that it was begun with; no other may finish it. */
  provider: string;
  /** `response_mode`, where one was asked for. */
  responseMode?: string;
  /** `response_type`, where it is not `code`. */
  responseType?: string;
}

/** Which of them. */
export interface PendingKey {
  kind: 'login' | 'logout';
  /** The client. */
  provider: string;
  /** The `state` of the request (RFC 6749 §4.1.1), or the request token (RFC 5849 §2.1). */
  state: string;
  /** Whether the login is on https: by its redirect URI and `baseUrl`, or else by the request. Then its cookie is `Secure`. */
  https: boolean;
}

/**
 * Where a login, or logout, waits for its callback. It must be bound to the browser: what one browser began, no other may
 * finish (RFC 6749 §10.12).
 */
export interface StateStore {
  /** Keeps it, before the browser is redirected. */
  save(request: OAuthRequest, key: PendingKey, pending: Pending): Promise<void>;
  /**
   * Takes it out; it can be taken once.
   * @throws {MismatchingStateError} when this browser has none such; its reason says why
   */
  take(request: OAuthRequest, key: PendingKey): Promise<Pending>;
}
