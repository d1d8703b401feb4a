import type { ClientConfig } from '../config/client-config.js';
import { tokenBindingOf } from '../config/token-binding.js';
import type { OAuthRequest } from '../oauth-request.js';
import { MissingTokenError } from '../oauth.errors.js';
import { askStore } from '../refresh/ask-store.js';
import { holdsApplicationData } from '../state/application-data.js';
import type { ApplicationTokens, FoundToken } from '../token/application-tokens.js';
import { requireOwnToken } from '../token/token-binding.js';
import type { StoredToken } from '../token/token.js';
import type { TokenSource } from './token-source.js';

/** Seconds that a token store has to answer where no token is refreshed. */
const STORE_TIMEOUT_S = 10;

/** Finds the tokens of one client's users. */
export class TokenSlots {
  readonly #config: ClientConfig;
  readonly #application: ApplicationTokens;

  constructor(config: ClientConfig, application: ApplicationTokens) {
    this.#config = config;
    this.#application = application;
  }

  /**
   * Where the token of a call is.
   * @throws {MissingTokenError} when nobody says whose it is, or the user has none
   */
  async find({ token, request, user }: TokenSource): Promise<FoundToken> {
    if (token) return this.#given(token);
    if (!request && user === undefined) throw this.#missing('none of `token`, `request` and `user` was passed');
    const { fetchToken } = this.#config;
    if (!fetchToken || !request) {
      const found = await this.#application.find(this.#config.name, { request, user });
      if (found) return 'given' in found ? this.#given(found.given) : found;
    } else {
      const given = await fetchToken(request);
      if (given) return this.#given(given);
    }
    throw this.#missing(
      'no user is signed in, or this user has no token. Sign in first; tokens are found by `tokenStore` or `fetchToken`',
    );
  }

  /** @throws {MissingTokenError} when there is none */
  async read(source: TokenSource): Promise<StoredToken> {
    const found = await this.find(source);
    if ('given' in found) return found.given;
    const stored = await askStore(this.#config.name, 'read', found.store.fetch(found.key), STORE_TIMEOUT_S);
    if (!stored) throw this.#missing('this user has none; sign in first');
    this.requireOwn(stored.token);
    return stored.token;
  }

  /** Whether a user is signed in here; if the application does not say, data that it keeps in the session counts as a user. */
  async isSignedIn(request: OAuthRequest): Promise<boolean> {
    if (await this.#config.fetchToken?.(request)) return true;
    return (await this.#application.isSignedIn(this.#config.name, request)) ?? holdsApplicationData(request);
  }

  /** @throws {MissingTokenError} when the token was issued by another provider, or to another client */
  requireOwn(token: StoredToken): void {
    requireOwnToken(this.#config.name, token, tokenBindingOf(this.#config));
  }

  #given(token: StoredToken): FoundToken {
    this.requireOwn(token);
    return { given: token };
  }

  #missing(why: string): MissingTokenError {
    return new MissingTokenError({ description: `no token for "${this.#config.name}": ${why}` });
  }
}
