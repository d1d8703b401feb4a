import { createHash } from 'node:crypto';
import type { OAuthRequest } from '../oauth-request.js';
import type { TokenEvent, TokenKey, TokenLock, TokenStore, UpdateTokenContext } from '../token/token-store.js';
import { requireOwnToken, type TokenBinding } from '../token/token-binding.js';
import { readOAuth2Token, type OAuth2Token, type StoredToken } from '../token/token.js';
import { askStore, secretsOfToken, storeFailed } from './ask-store.js';

/** A token as it was read. */
export interface KeptToken {
  token: OAuth2Token;
  /** What the store calls it; none, while it has never been saved. */
  version?: string;
}

/** The place where one token is kept, as far as a refresh needs it. */
export interface TokenPlace {
  /** Whose token it is, as the application is told. */
  readonly owner: Omit<TokenEvent, 'error'>;
  /** Names the token in this process; nothing secret. */
  idOf(kept?: KeptToken): string;
  read(): Promise<KeptToken | undefined>;
  /** Saves a token in the place of the one that was read; the new version, or nothing when another is there by now. */
  save(token: OAuth2Token, replaced: KeptToken | undefined): Promise<string | undefined>;
  /** Whether it was this call that removed it. */
  remove(kept: KeptToken): Promise<boolean>;
  /** Absent where no other process knows the place. */
  lock?(lease: number): Promise<TokenLock | undefined>;
}

/** Of the time that callers wait, the part that a store has to save a token; then they get it unsaved. */
const SAVING = 0.2;

interface StorePlaceOptions {
  patience: number;
  binding?: TokenBinding;
  request?: OAuthRequest;
}

/** A token in the store that all processes share. */
export class StorePlace implements TokenPlace {
  readonly owner: TokenPlace['owner'];
  readonly lock?: NonNullable<TokenPlace['lock']>;
  readonly #store: TokenStore;
  readonly #key: TokenKey;
  readonly #patience: number;
  readonly #binding?: TokenBinding;

  /**
   * @param options.patience seconds that the store has to answer
   * @param options.binding what the token must be bound to, where its key does not say so
   */
  constructor(store: TokenStore, key: TokenKey, { patience, binding, request }: StorePlaceOptions) {
    this.#store = store;
    this.#key = key;
    this.#patience = patience;
    this.#binding = binding;
    this.owner = { ...key, request };
    if (store.lock) {
      this.lock = (lease) => this.#ask('locked', store.lock?.(key, lease) ?? Promise.resolve(undefined));
    }
  }

  idOf(): string {
    return JSON.stringify([this.#key.name, this.#key.user]);
  }

  /** @throws {MissingTokenError} when the token was issued by another provider, or to another client */
  async read(): Promise<KeptToken | undefined> {
    const found = await this.#ask('read', this.#store.fetch(this.#key));
    if (found && this.#binding) requireOwnToken(this.#key.name, found.token, this.#binding);
    return found && { token: readOAuth2Token(found.token), version: found.version };
  }

  save(token: OAuth2Token, replaced: KeptToken | undefined): Promise<string | undefined> {
    const saved = this.#store.save(this.#key, token, replaced?.version ?? null);
    const secrets = secretsOfToken(token);
    return askStore(this.#key.name, 'saved', saved, this.#patience * SAVING, secrets);
  }

  remove({ version, token }: KeptToken): Promise<boolean> {
    const removed = this.#store.remove(this.#key, version);
    return askStore(this.#key.name, 'removed', removed, this.#patience, secretsOfToken(token));
  }

  #ask<T>(done: string, answer: Promise<T>): Promise<T> {
    return askStore(this.#key.name, done, answer, this.#patience);
  }
}

/** Saves a token that was refreshed; the seed's `updateToken`. */
export type UpdateToken = (token: OAuth2Token, context: UpdateTokenContext) => unknown;

/** A token that the application handed over: it is kept wherever the application keeps it, and has no version. */
export class GivenPlace implements TokenPlace {
  readonly owner: TokenPlace['owner'];
  readonly #given: KeptToken;
  readonly #id: string;
  readonly #update: UpdateToken;

  constructor(owner: TokenPlace['owner'], given: StoredToken, update: UpdateToken) {
    this.owner = owner;
    this.#given = { token: readOAuth2Token(given), version: '' };
    this.#id = digestOf(this.#given); // asked for several times at every API call
    this.#update = update;
  }

  /** A digest of the token itself: nothing else tells one user's from another's. */
  idOf(kept: KeptToken = this.#given): string {
    return kept === this.#given ? this.#id : digestOf(kept);
  }

  read(): Promise<KeptToken> {
    return Promise.resolve(this.#given);
  }

  async save(token: OAuth2Token, { token: replaced }: KeptToken = this.#given): Promise<string> {
    const { refreshToken, accessToken } = replaced;
    try {
      await this.#update(token, { refreshToken, accessToken, request: this.owner.request });
      return '';
    } catch (error) {
      return storeFailed(this.owner.name, 'saved', error, [...secretsOfToken(token), ...secretsOfToken(replaced)]);
    }
  }

  remove(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

/** The client's own token where no store is shared. */
export class OwnPlace implements TokenPlace {
  readonly owner: TokenPlace['owner'];
  #kept?: KeptToken;

  constructor(name: string) {
    this.owner = { name };
  }

  idOf(): string {
    return '';
  }

  read(): Promise<KeptToken | undefined> {
    return Promise.resolve(this.#kept);
  }

  save(token: OAuth2Token): Promise<string> {
    this.#kept = { token, version: '' };
    return Promise.resolve('');
  }

  remove(): Promise<boolean> {
    this.#kept = undefined;
    return Promise.resolve(true);
  }
}

function digestOf({ token: { accessToken, refreshToken = '' } }: KeptToken): string {
  return createHash('sha256')
    .update(JSON.stringify([accessToken, refreshToken]))
    .digest('base64url');
}
