import type { OAuthError } from '../errors/oauth.errors.js';
import type { TokenEvents } from '../token/token-store.js';
import type { OAuth2Token } from '../token/token.js';
import type { SlotToken, TokenSlot } from './token-slot.js';

/** A new token from the provider. */
export interface Renewal {
  readonly token: OAuth2Token;
  /** A fault of the provider's response. It is thrown after the token is saved. */
  readonly fault?: OAuthError;
}

/** How the tokens of one client are refreshed. */
export interface RefreshOptions {
  /** The name of the client. */
  readonly name: string;
  /** How many seconds before its expiry a token counts as expired. */
  readonly leeway: number;
  /** The fraction of its lifetime (0 to 1) after which a token is refreshed in the background. If undefined, it is not. */
  readonly refreshAhead?: number;
  /** Maximum number of seconds that a caller waits for a refresh. */
  readonly refreshTimeout: number;
  /** Event handlers of the application. They are called for users' tokens only. */
  readonly events: Pick<TokenEvents, 'onTokenRevoked' | 'onTokenUnsaved'>;
  /** Returns the error if a refresh cannot succeed, such as without a refresh token or while refreshes are paused. */
  refusalFor(slot: TokenSlot, old: SlotToken | undefined): OAuthError | undefined;
  /**
   * Requests a new token from the provider.
   * @param old the token to refresh. Undefined for the first token of the client
   * @throws {TokenRevokedError} when the provider no longer accepts the refresh token
   */
  renew(slot: TokenSlot, old: SlotToken | undefined): Promise<Renewal>;
}
