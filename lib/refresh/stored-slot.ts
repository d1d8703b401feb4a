import type { OAuthRequest } from '../common/oauth-request.js';
import { requireOwnToken, type TokenBinding } from '../token/token-binding.js';
import type { TokenKey, TokenStore, VersionedToken } from '../token/token-store.js';
import type { OAuth2Token } from '../token/token.js';
import { askStore, secretsOfToken } from './ask-store.js';
import type { SlotToken, TokenSlot } from './token-slot.js';

/** The fraction of the timeout that a save may take. After it, callers receive the token before it is saved. */
const SAVE_SHARE = 0.2;

interface StoredSlotOptions {
  /** Timeout of the store in seconds. */
  timeout: number;
  /** The provider and client to which the token must belong. Not needed for the client's token, whose key contains them. */
  binding?: TokenBinding;
  /** The request for which the token is used. */
  request?: OAuthRequest;
}

/** A token in a `TokenStore`. */
export class StoredSlot implements TokenSlot {
  readonly isLocal = false;
  readonly owner: TokenSlot['owner'];
  readonly lock?: NonNullable<TokenSlot['lock']>;
  readonly #store: TokenStore;
  readonly #key: TokenKey;
  readonly #timeout: number;
  readonly #binding?: TokenBinding;

  constructor(store: TokenStore, key: TokenKey, { timeout, binding, request }: StoredSlotOptions) {
    this.#store = store;
    this.#key = key;
    this.#timeout = timeout;
    this.#binding = binding;
    if (key.user !== '') this.owner = { ...key, request };
    if (store.lock) {
      this.lock = (lease) => this.#waitFor('locked', store.lock?.(key, lease) ?? Promise.resolve(undefined));
    }
  }

  idOf(): string {
    return JSON.stringify([this.#key.name, this.#key.user]);
  }

  /** @throws {MissingTokenError} when the token was issued by another provider, or to another client */
  async read(): Promise<VersionedToken | undefined> {
    const found = await this.#waitFor('read', this.#store.fetch(this.#key));
    if (found && this.#binding) requireOwnToken(this.#key.name, found.token, this.#binding);
    return found;
  }

  save(token: OAuth2Token, replaced: SlotToken | undefined): Promise<string | undefined> {
    const saved = this.#store.save(this.#key, token, replaced?.version ?? null);
    return askStore(this.#key.name, 'saved', saved, this.#timeout * SAVE_SHARE, secretsOfToken(token));
  }

  remove({ version, token }: SlotToken): Promise<boolean> {
    const removed = this.#store.remove(this.#key, version);
    return askStore(this.#key.name, 'removed', removed, this.#timeout, secretsOfToken(token));
  }

  #waitFor<T>(done: string, result: Promise<T>): Promise<T> {
    return askStore(this.#key.name, done, result, this.#timeout);
  }
}
