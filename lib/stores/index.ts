export type { LoginStorage } from '../state/login-storage.js';
export { EncryptedTokenStore, type EncryptedTokenStoreOptions } from '../token/encrypted-token-store.js';
export { MemoryTokenStore } from '../token/memory-token-store.js';
export { tokenKey } from '../token/token-key.js';
export type {
  EndedSession,
  FetchedToken,
  RevokedToken,
  TokenEvent,
  TokenEvents,
  TokenKey,
  TokenLock,
  TokenStore,
  UnsavedToken,
  UpdateTokenContext,
  VersionedToken,
} from '../token/token-store.js';
export type { StoredOAuth1Token, StoredOAuth2Token, StoredToken } from '../token/token.js';
