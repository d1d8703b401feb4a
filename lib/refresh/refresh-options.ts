import type { OAuthError } from '../errors/oauth.errors.js';
import type { TokenEvents } from '../token/token-store.js';
import type { OAuth2Token } from '../token/token.js';
import type { SlotToken, TokenSlot } from './token-slot.js';

/** A token that the provider gave. */
export interface Renewal {
  readonly token: OAuth2Token;
  /** What is wrong with the provider's answer; thrown once the token is saved. */
  readonly fault?: OAuthError;
}

/** How the tokens of one client are kept alive. */
export interface RefreshOptions {
  /** The client. */
  readonly name: string;
  /** Seconds before its expiry at which a token counts as expired. */
  readonly leeway: number;
  /** The part of its lifetime after which a token is refreshed while it is in use; without it, it is not. */
  readonly refreshAhead?: number;
  /** Seconds that a caller waits at most. */
  readonly refreshTimeout: number;
  /** Notified of what happens to tokens that have an owner. */
  readonly events: Pick<TokenEvents, 'onTokenRevoked' | 'onTokenUnsaved'>;
  /** Returns why the provider need not be asked, and no lock taken. */
  refusalFor(slot: TokenSlot, old: SlotToken | undefined): OAuthError | undefined;
  /**
   * Gets a new token from the provider, for the old one or for none.
   * @throws {TokenRevokedError} when the provider no longer accepts the old one
   */
  renew(slot: TokenSlot, old: SlotToken | undefined): Promise<Renewal>;
}
