import { OAuthError } from '../errors/oauth.errors.js';
import { KeyRing } from '../sealing/key-ring.js';
import { tokenKey } from './token-key.js';
import type { TokenKey, TokenLock, TokenStore, VersionedToken } from './token-store.js';
import { readOAuth1Token, readOAuth2Token, type OAuth1Token, type OAuth2Token, type StoredToken } from './token.js';

/** Options of {@link EncryptedTokenStore}. */
export interface EncryptedTokenStoreOptions {
  /**
   * Whether tokens that were saved before there was encryption are read. Whoever can write to the database can then put in a
   * token of their own: turn it off when all have been saved anew.
   * @default false
   */
  readsPlain?: boolean;
}

/** What a sealed token begins with. A bearer token has no colon (RFC 6750 §2.1). */
const SEALED = 'sealed:';

/**
 * Encrypts the tokens of another store (A256GCM; see {@link KeyRing}), each for its client and user alone. What the other
 * store is given is a token in form: the whole of it sealed in `accessToken`, or `oauthTokenSecret`, and beside it only
 * what is no secret. The first key seals and all of them open, so that a token has the new key when it is next saved.
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
   * @param keys 32 bytes each, in base64 or base64url; `openssl rand -base64 32` makes one
   * @throws {OAuthConfigError} when one is not, or there is none
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

  /** @throws {OAuthError} `token_unreadable` (status 500) when the token is not sealed, or not for this key by one of these keys */
  async fetch(key: TokenKey): Promise<VersionedToken | undefined> {
    const checked = tokenKey(key.name, key.user);
    const held = await this.#store.fetch(checked);
    return held && { ...held, token: await this.#open(checked, held.token) };
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

  async #open(key: TokenKey, stored: StoredToken): Promise<StoredToken> {
    const sealed = isOAuth1(stored) ? readOAuth1Token(stored).oauthTokenSecret : readOAuth2Token(stored).accessToken;
    if (!sealed.startsWith(SEALED)) {
      if (this.#readsPlain) return stored;
      throw unreadable(
        key,
        'is not encrypted. It was saved before encryption was turned on (see `readsPlain`), or put there',
      );
    }
    const token = await this.#keys.open(sealed.slice(SEALED.length), contextOf(key));
    if (token) return token;
    throw unreadable(
      key,
      'does not open: its key is not among `keys`, or it was changed, or it is of another user or client',
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
