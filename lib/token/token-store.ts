import type { OAuthRequest } from '../oauth-request.js';
import type { OAuth2Token, StoredToken } from './token.js';

/** What is known about the token that a new one replaces. */
export interface UpdateTokenContext {
  /** The refresh token that was used up; find the row by it. */
  refreshToken?: string;
  /** The access token that expired. */
  accessToken?: string;
  /** The request that the API call was made for. */
  request?: OAuthRequest;
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

/** What `fetchToken` may answer; nothing means that the user has not signed in. */
export type FetchedToken = StoredToken | null | undefined;

/**
 * Where the application keeps its users' tokens: the injectable provider behind `tokenStore`.
 *
 * @example
 * @Injectable()
 * class TokensService implements TokenStore {
 *   fetchToken(name: string, request: Request) {
 *     return this.tokens.findOneBy({ name, userId: request.session.userId });
 *   }
 * }
 */
export interface TokenStore {
  /** The token that the user of this request has with the provider `name`. */
  fetchToken(name: string, request: OAuthRequest): FetchedToken | Promise<FetchedToken>;
  /** Saves a token that was refreshed during an API call. */
  updateToken?(name: string, token: OAuth2Token, context: UpdateTokenContext): unknown;
  /** Ends the sessions here of a user who signed out at the provider, or was signed out there. */
  onBackchannelLogout?(ended: EndedSession): unknown;
}
