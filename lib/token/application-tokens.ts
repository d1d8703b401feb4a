import type { OAuthRequest } from '../common/oauth-request.js';
import type { SimpleTokenStore, TokenEvents, TokenStore } from './token-store.js';

/** What the application finds its users' tokens with. What it has not configured is absent. */
export interface TokenFinders {
  /** The option `fetchToken`. */
  fetchToken?: SimpleTokenStore['fetchToken'];
  /** The option `tokenStore`. */
  store?: TokenStore | SimpleTokenStore;
  /** The option `userOf`. */
  userOf?: (request: OAuthRequest) => UserId | Promise<UserId>;
}

/** The id of the application's user; an empty one means that nobody is signed in. */
export type UserId = string | number | null | undefined;

/** The tokens of the application, whichever way it keeps them. */
export interface ApplicationTokens extends TokenEvents, Required<Pick<SimpleTokenStore, 'updateToken'>> {
  finders(): Promise<TokenFinders>;
}

/** Whether all processes share a store. */
export function isShared(store: TokenFinders['store']): store is TokenStore {
  return store !== undefined && !('fetchToken' in store);
}
