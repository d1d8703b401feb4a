import type { OAuthRequest } from '../common/oauth-request.js';
import type { SimpleTokenStore, TokenEvents, TokenStore } from './token-store.js';

/** The options that find the users' tokens. An option that the application did not set is absent. */
export interface TokenFinders {
  /** The option `fetchToken`. */
  fetchToken?: SimpleTokenStore['fetchToken'];
  /** The option `tokenStore`. */
  store?: TokenStore | SimpleTokenStore;
  /** The option `userOf`. */
  userOf?: (request: OAuthRequest) => UserId | Promise<UserId>;
}

/** The id of the application's user. An empty id means that the user is not signed in. */
export type UserId = string | number | null | undefined;

/** Access to the users' tokens, independent of the option that finds them. */
export interface ApplicationTokens extends TokenEvents, Required<Pick<SimpleTokenStore, 'updateToken'>> {
  finders(): Promise<TokenFinders>;
}

/** Returns whether the store is a {@link TokenStore}, which all processes share. */
export function isShared(store: TokenFinders['store']): store is TokenStore {
  return store !== undefined && !('fetchToken' in store);
}
