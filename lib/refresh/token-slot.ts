import type { TokenEvent, TokenLock, VersionedToken } from '../token/token-store.js';
import type { OAuth2Token } from '../token/token.js';

/** The OAuth 2 token of a slot. It has no version while it has never been saved. */
export interface SlotToken {
  token: OAuth2Token;
  version?: string;
}

/** Where one token is kept: in the store of all processes, by the application, or in this process. */
export interface TokenSlot {
  /** Whose token it is, for events. Absent for the client's own token, which no event reports. */
  readonly owner?: Omit<TokenEvent, 'error'>;
  /**
   * Names the slot in this process; nothing secret.
   * @param token the token in the slot, where the slot has no other name
   */
  idOf(token?: OAuth2Token): string;
  /** Returns the token as it is stored. */
  read(): Promise<VersionedToken | undefined>;
  /** Replaces the token that was read. Returns the new version, or undefined when another token is in the slot by now. */
  save(token: OAuth2Token, replaced: SlotToken | undefined): Promise<string | undefined>;
  /** Removes the token that was read, if the slot can. Returns whether this call removed it. */
  remove(removed: SlotToken): Promise<boolean>;
  /**
   * Takes the lock of the slot. Absent where no other process knows the slot.
   * @param lease milliseconds
   */
  lock?(lease: number): Promise<TokenLock | undefined>;
}

/** Names a token in this process; nothing secret. */
export interface TokenId {
  /** The slot of the token, which its replacements share. For a user's token in a store, this is the user. */
  readonly owner: string;
  /** The token itself: a new login has another one. */
  readonly token: string;
}

export function tokenId(slot: TokenSlot, current: SlotToken | undefined): TokenId {
  const owner = slot.idOf(current?.token);
  return { owner, token: `${owner} ${current?.version ?? ''}` };
}
