import { sha256 } from '../common/sha256.js';
import type { TokenEvent, UpdateTokenContext, VersionedToken } from '../token/token-store.js';
import { readOAuth2Token, type OAuth2Token, type StoredToken } from '../token/token.js';
import { secretsOfToken, storeFailed } from './ask-store.js';
import type { SlotToken, TokenSlot } from './token-slot.js';

/** Saves a refreshed token: `updateToken` of the client's settings, of the module's options, or of a `SimpleTokenStore`. */
export type UpdateToken = (token: OAuth2Token, context: UpdateTokenContext) => unknown;

/** A token that the application passed, or that `fetchToken` returned. The application saves the refreshed token. */
export class CallerSlot implements TokenSlot {
  readonly isLocal = true;
  readonly owner: Omit<TokenEvent, 'error'>;
  readonly #token: StoredToken;
  readonly #update: UpdateToken;
  #id?: string;

  constructor(owner: Omit<TokenEvent, 'error'>, token: StoredToken, update: UpdateToken) {
    this.owner = owner;
    this.#token = token;
    this.#update = update;
  }

  /** Returns a digest of the token, because a token from the application has no other identifier. */
  idOf(token?: OAuth2Token): string {
    return token ? digestOf(token) : (this.#id ??= digestOf(readOAuth2Token(this.#token)));
  }

  read(): Promise<VersionedToken> {
    return Promise.resolve({ token: this.#token, version: '' });
  }

  async save(token: OAuth2Token, replaced?: SlotToken): Promise<string> {
    const old = replaced?.token ?? readOAuth2Token(this.#token);
    const { refreshToken, accessToken } = old;
    try {
      await this.#update(token, { refreshToken, accessToken, request: this.owner.request });
      return '';
    } catch (error) {
      return storeFailed(this.owner.name, 'saved', error, [...secretsOfToken(token), ...secretsOfToken(old)]);
    }
  }

  /** Does nothing, because the application keeps the token. */
  remove(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

function digestOf({ accessToken, refreshToken = '' }: OAuth2Token): string {
  return sha256(JSON.stringify([accessToken, refreshToken]));
}
