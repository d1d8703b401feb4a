import type { TokenEvent, TokenLock, VersionedToken } from '../token/token-store.js';
import type { OAuth2Token } from '../token/token.js';

/** The OAuth 2 token of a slot. The version is undefined until the token is saved for the first time. */
export interface SlotToken {
  token: OAuth2Token;
  version?: string;
}

/** Where one token is kept: in a `TokenStore`, by the application, or in this process. */
export interface TokenSlot {
  /** The client and the user of the token, for events. Undefined for the client's token, which has no events. */
  readonly owner?: Omit<TokenEvent, 'error'>;
  /** Whether `read()` returns immediately, because the token is in the memory of this process. */
  readonly isLocal: boolean;
  /**
   * Returns the id of the slot in this process. The id is not a secret.
   * @param token the token in the slot, for slots that are identified by their token
   */
  idOf(token?: OAuth2Token): string;
  /** Returns the token as it is stored. */
  read(): Promise<VersionedToken | undefined>;
  /** Replaces the token that was read. Returns the new version, or undefined when the slot contains another token by now. */
  save(token: OAuth2Token, replaced: SlotToken | undefined): Promise<string | undefined>;
  /** Removes the token that was read, if the slot supports removal. Returns whether this call removed the token. */
  remove(removed: SlotToken): Promise<boolean>;
  /**
   * Acquires the lock of the slot. Returns undefined when another process holds it. Missing if no other process uses the slot.
   * @param lease in milliseconds
   */
  lock?(lease: number): Promise<TokenLock | undefined>;
}

/** Identifies a token in this process. The ids are not secrets. */
export interface TokenId {
  /** The id of the slot, which stays the same when the token is replaced. For a token in a store, it identifies the user. */
  readonly owner: string;
  /** The id of the token, which changes with a new login. */
  readonly token: string;
}

export function tokenId(slot: TokenSlot, current: SlotToken | undefined): TokenId {
  const owner = slot.idOf(current?.token);
  return { owner, token: `${owner} ${current?.version ?? ''}` };
}
