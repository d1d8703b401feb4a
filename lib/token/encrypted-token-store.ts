import { OAuthError } from '../errors/oauth.errors.js';
import { KeyRing } from '../sealing/key-ring.js';
import { tokenKey } from './token-key.js';
import type { TokenKey, TokenLock, TokenStore, VersionedToken } from './token-store.js';
import { readOAuth1Token, readOAuth2Token, type OAuth1Token, type OAuth2Token, type StoredToken } from './token.js';

/** Options of {@link EncryptedTokenStore}. */
export interface EncryptedTokenStoreOptions {
  /**
   * Whether tokens that were saved without encryption are accepted. While this is on, anyone who can write to the database
   * can insert a token. Turn it off after all tokens have been saved again.
   * @default false
   */
  readsPlain?: boolean;
}

/** The prefix of a sealed token. A bearer token cannot begin with it, because it contains no colon (RFC 6750 §2.1). */
const SEALED = 'sealed:';

/**
 * Encrypts the tokens of another store (A256GCM; see {@link KeyRing}). A token is encrypted for its client and user, and
 * cannot be decrypted for another client or user. The other store receives a token whose `accessToken`, or
 * `oauthTokenSecret`, is the encrypted token; its other fields contain no secrets. The first key encrypts and every key
 * decrypts, so the next save of a token uses the new key.
 */
export class EncryptedTokenStore implements TokenStore {
  readonly lock?: NonNullable<TokenStore['lock']>;
  readonly onTokenRevoked?: NonNullable<TokenStore['onTokenRevoked']>;
  readonly onTokenUnsaved?: NonNullable<TokenStore['onTokenUnsaved']>;
  readonly onBackchannelLogout?: NonNullable<TokenStore['onBackchannelLogout']>;
  readonly #store: TokenStore;
  readonly #keys: KeyRing<StoredToken>;
  readonly #readsPlain: boolean;

  /**
   * @param keys keys of 32 bytes each, in base64 or base64url; `openssl rand -base64 32` prints a key
   * @throws {OAuthConfigError} when a key is not valid, or when the list is empty
   */
  constructor(
    store: TokenStore,
    keys: string | readonly string[],
    { readsPlain = false }: EncryptedTokenStoreOptions = {},
  ) {
    this.#store = store;
    this.#keys = new KeyRing(keys);
    this.#readsPlain = readsPlain;
    if (store.lock) this.lock = (key, lease) => this.#lock(key, lease);
    this.onTokenRevoked = store.onTokenRevoked?.bind(store);
    this.onTokenUnsaved = store.onTokenUnsaved?.bind(store);
    this.onBackchannelLogout = store.onBackchannelLogout?.bind(store);
  }

  /** @throws {OAuthError} `token_unreadable` (status 500) when the token is not encrypted, or cannot be decrypted for this user and client */
  async fetch(key: TokenKey): Promise<VersionedToken | undefined> {
    const checked = tokenKey(key.name, key.user);
    const held = await this.#store.fetch(checked);
    return held && { ...held, token: this.#open(checked, held.token) };
  }

  async save(key: TokenKey, token: OAuth1Token | OAuth2Token, expected?: string | null): Promise<string | undefined> {
    const checked = tokenKey(key.name, key.user);
    const sealed = SEALED + this.#keys.seal(token, contextOf(checked));
    return this.#store.save(checked, envelope(token, sealed), expected);
  }

  async remove(key: TokenKey, expected?: string): Promise<boolean> {
    return this.#store.remove(tokenKey(key.name, key.user), expected);
  }

  async #lock(key: TokenKey, lease: number): Promise<TokenLock | undefined> {
    return this.#store.lock?.(tokenKey(key.name, key.user), lease);
  }

  #open(key: TokenKey, stored: StoredToken): StoredToken {
    const sealed = isOAuth1(stored) ? readOAuth1Token(stored).oauthTokenSecret : readOAuth2Token(stored).accessToken;
    if (!sealed.startsWith(SEALED)) {
      if (this.#readsPlain) return stored;
      throw unreadable(
        key,
        'is not encrypted; expected a token that this store saved. If it was saved before encryption was turned on, set `readsPlain`',
      );
    }
    const token = this.#keys.open(sealed.slice(SEALED.length), contextOf(key));
    if (token) return token;
    throw unreadable(
      key,
      'cannot be decrypted: its key is not among `keys`, or it was changed, or it belongs to another user or client. Add its key ' +
        'to `keys`, or sign the user in again',
    );
  }
}

function contextOf({ name, user }: TokenKey): string[] {
  return ['token', name, user];
}

function envelope(token: OAuth1Token | OAuth2Token, sealed: string): OAuth1Token | OAuth2Token {
  if (isOAuth1(token)) return { oauthToken: 'sealed', oauthTokenSecret: sealed };
  const { tokenType, expiresAt, expiresIn, scope } = token as OAuth2Token;
  return { accessToken: sealed, tokenType, expiresAt, expiresIn, scope };
}

function isOAuth1(token: OAuth1Token | OAuth2Token | StoredToken): boolean {
  return 'oauthToken' in token || 'oauth_token' in token;
}

function unreadable({ name }: TokenKey, why: string): OAuthError {
  return new OAuthError('token_unreadable', {
    description: `the stored token of a user of "${name}" ${why}.`,
    status: 500,
  });
}
