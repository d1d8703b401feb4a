import type { OAuthRequest } from '../common/oauth-request.js';
import type { OAuth1Token, OAuth2Token, StoredToken } from './token.js';

/** The key of one token in a store; `tokenKey()` makes and checks it. */
export interface TokenKey {
  /** The name of the client. The name of a client's own token (RFC 6749 §4.4) contains `#`; client names do not. */
  name: string;
  /** Your user's id, never empty; `''` only for a client's own token. */
  user: string;
}

/** A token as the store holds it. */
export interface VersionedToken {
  token: StoredToken;
  /** Changes with every save, and never comes back. */
  version: string;
}

/** The right to refresh one token, until its lease runs out or it is released. */
export interface TokenLock {
  /** Whether the holder before this one died, or lost the lease, with its refresh unfinished. */
  readonly interrupted: boolean;
  /**
   * Restarts the lease.
   * @param lease milliseconds
   * @returns false when the lock is lost: its lease ran out, and it may be somebody else's by now
   */
  extend(lease: number): Promise<boolean>;
  /** Frees the lock, if it is still this holder's. */
  release(): Promise<void>;
}

/**
 * Where the users' tokens are, for every process of the application: a few methods over a database that they share. Ready
 * ones are in `nestjs-oauth-client/redis` and `nestjs-oauth-client/typeorm`; `tokenStoreContract()` of
 * `nestjs-oauth-client/testing` tests one of your own.
 */
export interface TokenStore extends TokenEvents {
  /** The token, if there is one. */
  fetch(key: TokenKey): Promise<VersionedToken | undefined>;
  /**
   * Saves a token, if what it replaces is what the caller has seen: compare-and-set.
   * @param expected the version to be replaced; `null`, there must be none; left out, whatever is there
   * @returns the new version; nothing when another was there, and it stayed
   */
  save(key: TokenKey, token: OAuth1Token | OAuth2Token, expected?: string | null): Promise<string | undefined>;
  /**
   * Removes a token: the user signs out, or it was revoked. No save that expects a version brings it back.
   * @param expected the version to be removed; left out, whatever is there
   * @returns whether this call removed it
   */
  remove(key: TokenKey, expected?: string): Promise<boolean>;
  /**
   * Takes the lock of one token, without waiting for it; it need not be there. A store without locks is for one process.
   * The lease is counted by the store's clock, or by none, since those of the processes may differ.
   * @param lease milliseconds after which the lock is free again, should the holder die
   * @returns nothing when another holds it
   */
  lock?(key: TokenKey, lease: number): Promise<TokenLock | undefined>;
}

/** What the library reports about a token. */
export interface TokenEvent {
  /** The client. */
  name: string;
  /** Your user's id, where the token came from a {@link TokenStore}. */
  user?: string;
  /** The request that the API call was made for. */
  request?: OAuthRequest;
  /** What went wrong. */
  error: Error;
}

/** A login that is over: the provider no longer accepts its refresh token. */
export interface RevokedToken extends TokenEvent {
  /** The token, as it was stored. */
  token: OAuth2Token;
}

/** A token that was refreshed, and could not be saved yet. */
export interface UnsavedToken extends TokenEvent {
  /** The new token; the one that it replaces is of no use any more. */
  token: OAuth2Token;
}

/** A session that ended at the provider (OpenID Connect Back-Channel Logout 1.0 §2.4). */
export interface EndedSession {
  /** The client whose provider says so. */
  name: string;
  /** The provider's issuer. */
  iss: string;
  /** The user; without it, one session alone. */
  sub?: string;
  /** The `sid` of the id_token that the session began with; without it, all sessions of the user. */
  sid?: string;
}

/** What the application is notified of. */
export interface TokenEvents {
  /** A login is over; called once for each. A `TokenStore` has removed the token already. */
  onTokenRevoked?(revoked: RevokedToken): unknown;
  /** A refreshed token could not be saved. The token is in use, and saving it is retried until it succeeds or is given up. */
  onTokenUnsaved?(unsaved: UnsavedToken): unknown;
  /** Ends the sessions here of a user who signed out at the provider, or was signed out there. */
  onBackchannelLogout?(ended: EndedSession): unknown;
}

/** What is known about the token that a new one replaces. */
export interface UpdateTokenContext {
  /** The refresh token that was used up; find the row by it. */
  refreshToken?: string;
  /** The access token that expired. */
  accessToken?: string;
  /** The request that the API call was made for. */
  request?: OAuthRequest;
}

/** What `fetchToken` may answer; nothing means that the user has not signed in. */
export type FetchedToken = StoredToken | null | undefined;

/**
 * The simple case, for an application that is one process: finds a user's token wherever the application keeps it, and is
 * told of a new one. Processes that share tokens want a {@link TokenStore}.
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
  /** The token that the user of this request has with the provider `name`. */
  fetchToken(name: string, request: OAuthRequest): FetchedToken | Promise<FetchedToken>;
  /** Saves a token that was refreshed during an API call. */
  updateToken?(name: string, token: OAuth2Token, context: UpdateTokenContext): unknown;
}
