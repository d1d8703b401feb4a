import type { OAuthRequest } from '../common/oauth-request.js';
import type { OAuth1Token, OAuth2Token, StoredToken } from './token.js';

/** The key of one token in a store. `tokenKey()` creates and checks a key. */
export interface TokenKey {
  /** The name of the client. The name of a client's own token (RFC 6749 §4.4) contains `#`; client names do not. */
  name: string;
  /** Your user's id. It is `''` for a client's own token, and never empty for a user. */
  user: string;
}

/** A stored token with its version. */
export interface VersionedToken {
  token: StoredToken;
  /** Changes with every save. A version is never reused. */
  version: string;
}

/** The right to refresh one token, until the lease expires or the lock is released. */
export interface TokenLock {
  /** Whether the previous holder died or lost the lease before its refresh was finished. */
  readonly interrupted: boolean;
  /**
   * Restarts the lease.
   * @param lease milliseconds
   * @returns false when the lock is lost: the lease expired, and another holder may have the lock
   */
  extend(lease: number): Promise<boolean>;
  /** Releases the lock, if this holder still has it. */
  release(): Promise<void>;
}

/**
 * Keeps the users' tokens in a database that all processes of the application share. `nestjs-oauth-client/redis` and
 * `nestjs-oauth-client/typeorm` contain token stores. `tokenStoreContract()` of `nestjs-oauth-client/testing` tests a custom
 * token store.
 */
export interface TokenStore extends TokenEvents {
  /** Returns the token, or undefined if there is none. */
  fetch(key: TokenKey): Promise<VersionedToken | undefined>;
  /**
   * Saves a token if the stored version is the expected version (compare-and-set).
   * @param expected the version that is replaced; `null` expects that no token is stored; undefined replaces any token
   * @returns the new version, or undefined when the stored version was not the expected version; then nothing is saved
   */
  save(key: TokenKey, token: OAuth1Token | OAuth2Token, expected?: string | null): Promise<string | undefined>;
  /**
   * Removes a token after a logout or a revocation. A later save that expects a version must not restore the token.
   * @param expected the version that is removed; undefined removes any version
   * @returns whether this call removed it
   */
  remove(key: TokenKey, expected?: string): Promise<boolean>;
  /**
   * Takes the lock of one token without waiting. The token need not exist. A store without this method works for one process
   * only. Measure the lease with the clock of the database, because the clocks of the processes may differ.
   * @param lease milliseconds after which the lock expires if the holder dies
   * @returns undefined when another holder has the lock
   */
  lock?(key: TokenKey, lease: number): Promise<TokenLock | undefined>;
}

/** An event about a token. */
export interface TokenEvent {
  /** The name of the client. */
  name: string;
  /** Your user's id, if the token is from a {@link TokenStore}. */
  user?: string;
  /** The request during which the API was called. */
  request?: OAuthRequest;
  /** The error that caused the event. */
  error: Error;
}

/** A token whose refresh token the provider no longer accepts. The user must sign in again. */
export interface RevokedToken extends TokenEvent {
  /** The token that was stored. */
  token: OAuth2Token;
}

/** A refreshed token that could not be saved yet. */
export interface UnsavedToken extends TokenEvent {
  /** The new token. The old token can no longer be used. */
  token: OAuth2Token;
}

/** A session that ended at the provider (OpenID Connect Back-Channel Logout 1.0 §2.4). */
export interface EndedSession {
  /** The name of the client whose provider ended the session. */
  name: string;
  /** The provider's issuer. */
  iss: string;
  /** The user whose sessions ended. If undefined, only the session `sid` ended. */
  sub?: string;
  /** The `sid` of the id_token with which the session began. If undefined, all sessions of the user ended. */
  sid?: string;
}

/** Notifications to the application. */
export interface TokenEvents {
  /** Called once when the provider no longer accepts a refresh token. A `TokenStore` has already removed the token. */
  onTokenRevoked?(revoked: RevokedToken): unknown;
  /** Called when a refreshed token could not be saved. The token is in use, and the save is retried for a limited time. */
  onTokenUnsaved?(unsaved: UnsavedToken): unknown;
  /** Called when a user signed out, or was signed out, at the provider. Must end the user's sessions in this application. */
  onBackchannelLogout?(ended: EndedSession): unknown;
}

/** The token that the new token replaces. */
export interface UpdateTokenContext {
  /** The refresh token that was used. Use it to find the row. */
  refreshToken?: string;
  /** The access token that was replaced. */
  accessToken?: string;
  /** The request during which the API was called. */
  request?: OAuthRequest;
}

/** The result of `fetchToken`. `null` or undefined means that the user has not signed in. */
export type FetchedToken = StoredToken | null | undefined;

/**
 * Finds and updates users' tokens, for an application with one process. If several processes share tokens, use a
 * {@link TokenStore}.
 *
 * @example
 * @Injectable()
 * class TokensService implements SimpleTokenStore {
 *   fetchToken(name: string, request: Request) {
 *     return this.tokens.findOneBy({ name, userId: request.session.userId });
 *   }
 * }
 */
export interface SimpleTokenStore extends TokenEvents {
  /** Returns the token of the request's user for the client `name`. */
  fetchToken(name: string, request: OAuthRequest): FetchedToken | Promise<FetchedToken>;
  /** Saves a token that was refreshed during an API call. */
  updateToken?(name: string, token: OAuth2Token, context: UpdateTokenContext): unknown;
}
