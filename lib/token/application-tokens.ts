import type { OAuthRequest } from '../oauth-request.js';
import type { SimpleTokenStore, TokenEvents, TokenKey, TokenStore } from './token-store.js';
import type { StoredToken } from './token.js';

/** Whose token an API call is to carry. */
export interface TokenOwner {
  request?: OAuthRequest;
  /** Your user's id, in a {@link TokenStore}. */
  user?: string | number;
}

/** Where a user's token is: in the store that all processes share, or in the application's hands. */
export type FoundToken = { store: TokenStore; key: TokenKey } | { given: StoredToken };

/** The tokens of the application, whichever way it keeps them. */
export interface ApplicationTokens extends TokenEvents, Required<Pick<SimpleTokenStore, 'updateToken'>> {
  /** Nothing, where the user has none, or where nobody knows who the user is. */
  find(name: string, owner: TokenOwner): Promise<FoundToken | undefined>;
  /**
   * Whether a user is signed in: by `userOf`, or else because there is a token of this client. Undefined where neither is
   * known, as with a `TokenStore` whose application has no `userOf`.
   */
  isSignedIn(name: string, request: OAuthRequest): Promise<boolean | undefined>;
  /** The store that all processes share, if there is one. */
  sharedStore(): Promise<TokenStore | undefined>;
}
