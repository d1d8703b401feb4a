import type { OAuth2ClientConfig } from '../config/client-config.js';
import type { OAuthRequest } from '../oauth-request.js';
import { TokenExpiredError } from '../oauth.errors.js';
import { requestAccessToken } from '../oauth2/grants/access-token-request.js';
import { refreshToken } from '../oauth2/grants/refresh-token.js';
import type { ServerMetadata } from '../oauth2/provider/server-metadata.js';
import type { SimpleTokenStore } from '../token/token-store.js';
import { isExpired, type OAuth2Token } from '../token/token.js';

/** The tokens of one client: those of its users are refreshed, its own is fetched, when they are about to expire. */
export class OAuth2Tokens {
  readonly #config: OAuth2ClientConfig;
  readonly #metadata: ServerMetadata;
  readonly #store: SimpleTokenStore;
  /** Refreshes that are under way, by their refresh token. */
  readonly #refreshes = new Map<string, Promise<OAuth2Token>>();
  #own?: { token: OAuth2Token; usableUntil: number };
  #fetching?: Promise<OAuth2Token>;

  constructor(config: OAuth2ClientConfig, metadata: ServerMetadata, store: SimpleTokenStore) {
    this.#config = config;
    this.#metadata = metadata;
    this.#store = store;
  }

  /**
   * A user's token that lives, refreshed if need be.
   * @throws {TokenExpiredError} when it is over and cannot be refreshed
   */
  async usable(token: OAuth2Token, request: OAuthRequest | undefined): Promise<OAuth2Token> {
    return isExpired(token, this.#config.leeway) ? this.#refresh(token, request) : token;
  }

  /** The client's own token (RFC 6749 §4.4): kept until shortly before it expires, and fetched by one request however many ask. */
  async own(): Promise<OAuth2Token> {
    if (this.#own && Date.now() < this.#own.usableUntil) return this.#own.token;
    return (this.#fetching ??= this.#fetchOwn().finally(() => (this.#fetching = undefined)));
  }

  async #fetchOwn(): Promise<OAuth2Token> {
    const token = await requestAccessToken(await this.#metadata.load(), { grantType: 'client_credentials' });
    const expiry = (token.expiresAt ?? Infinity) * 1000;
    // one that lives shorter than the leeway is used for half its life
    const usableUntil = Math.max(expiry - this.#config.leeway * 1000, (Date.now() + expiry) / 2);
    this.#own = { token, usableUntil };
    return token;
  }

  /** One refresh for all who ask with the same refresh token at the same time: a provider may let it be used only once. */
  #refresh(expired: OAuth2Token, request: OAuthRequest | undefined): Promise<OAuth2Token> {
    const { refreshToken: key } = expired;
    if (key === undefined) {
      throw new TokenExpiredError({
        description: `the token for "${this.#config.name}" is expired and there is no refresh token; sign in again`,
      });
    }
    const refresh = this.#refreshes.get(key) ?? this.#renew({ ...expired, refreshToken: key }, request);
    this.#refreshes.set(key, refresh);
    return refresh.finally(() => this.#refreshes.delete(key));
  }

  /** Refreshes a token (RFC 6749 §6) and tells whoever keeps it. */
  async #renew(old: OAuth2Token & { refreshToken: string }, request: OAuthRequest | undefined): Promise<OAuth2Token> {
    const { name, updateToken } = this.#config;
    const token = await refreshToken(await this.#metadata.load(), old);
    const context = { refreshToken: old.refreshToken, accessToken: old.accessToken, request };
    if (updateToken) await updateToken(token, context);
    else await this.#store.updateToken?.(name, token, context);
    return token;
  }
}
