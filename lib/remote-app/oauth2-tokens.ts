import { createHash } from 'node:crypto';
import type { OAuth2ClientConfig } from '../config/client-config.js';
import { tokenBindingOf } from '../config/token-binding.js';
import type { OAuthRequest } from '../oauth-request.js';
import { MissingTokenError, OAuthError, TokenExpiredError, TokenRevokedError } from '../oauth.errors.js';
import { requestAccessToken } from '../oauth2/grants/access-token-request.js';
import { refreshTokenAdvice } from '../oauth2/grants/refresh-token-advice.js';
import { refreshToken, type RefreshableToken } from '../oauth2/grants/refresh-token.js';
import type { ServerMetadata } from '../oauth2/provider/server-metadata.js';
import { ProviderBreaker } from '../refresh/provider-breaker.js';
import type { Renewal, TokenId } from '../refresh/refresh-options.js';
import { GivenPlace, OwnPlace, StorePlace, type TokenPlace } from '../refresh/token-place.js';
import { TokenRefresh } from '../refresh/token-refresh.js';
import type { ApplicationTokens, FoundToken } from '../token/application-tokens.js';
import type { TokenBinding } from '../token/token-binding.js';
import { tokenKey } from '../token/token-key.js';
import type { OAuth2Token } from '../token/token.js';

/** The tokens of one client: those of its users are refreshed, its own is fetched, when they are about to expire. */
export class OAuth2Tokens {
  readonly #config: OAuth2ClientConfig;
  readonly #metadata: ServerMetadata;
  readonly #application: ApplicationTokens;
  readonly #binding: TokenBinding;
  readonly #breaker: ProviderBreaker;
  readonly #users: TokenRefresh;
  readonly #own: TokenRefresh;
  #ownPlace?: Promise<TokenPlace>;

  constructor(config: OAuth2ClientConfig, metadata: ServerMetadata, application: ApplicationTokens) {
    this.#config = config;
    this.#binding = tokenBindingOf(config);
    this.#metadata = metadata;
    this.#application = application;
    this.#breaker = new ProviderBreaker(config.name);
    this.#users = new TokenRefresh({
      ...config,
      events: application,
      refusalFor: (old, id) => (isRefreshable(old) ? this.#breaker.refusal(id) : signInAgain(config, old)),
      renew: (old, id) => this.#refresh(old as RefreshableToken, id),
    });
    this.#own = new TokenRefresh({
      ...config,
      events: {},
      refusalFor: (_old, id) => this.#breaker.refusal(id),
      renew: (_old, id) => this.#fetchOwn(id),
    });
  }

  /** A user's token. */
  ofUser(found: FoundToken, request: OAuthRequest | undefined): LiveToken {
    const { name, refreshTimeout, updateToken = this.#update } = this.#config;
    const place =
      'given' in found
        ? new GivenPlace({ name, request }, found.given, updateToken)
        : new StorePlace(found.store, found.key, { patience: refreshTimeout, binding: this.#binding, request });
    return new LiveToken(this.#users, place);
  }

  /** The client's own token (RFC 6749 §4.4): one for all processes that share a store. */
  async own(): Promise<LiveToken> {
    return new LiveToken(this.#own, await (this.#ownPlace ??= this.#findOwnPlace()));
  }

  /** Waits until every refresh is done, and its token saved. */
  async settled(): Promise<void> {
    await Promise.all([this.#users.settled(), this.#own.settled()]);
  }

  readonly #update: NonNullable<OAuth2ClientConfig['updateToken']> = (token, context) =>
    this.#application.updateToken(this.#config.name, token, context);

  async #findOwnPlace(): Promise<TokenPlace> {
    const { name, clientId, scope, resource, accessTokenParams, refreshTimeout } = this.#config;
    const store = await this.#application.sharedStore();
    if (!store) return new OwnPlace(name);
    // the token of a client that asks another provider, or for something else, has another key
    const asked = JSON.stringify([this.#binding.issuer, clientId, scope, resource, accessTokenParams]);
    const digest = createHash('sha256').update(asked).digest('base64url').slice(0, 16);
    return new StorePlace(store, tokenKey(`${name}#${digest}`, ''), { patience: refreshTimeout });
  }

  async #fetchOwn(id: TokenId): Promise<Renewal> {
    return this.#breaker.run(id, async () => ({
      token: await requestAccessToken(await this.#metadata.load(), { grantType: 'client_credentials' }),
    }));
  }

  /** RFC 6749 §6. */
  async #refresh(old: RefreshableToken, id: TokenId): Promise<Renewal> {
    try {
      return await this.#breaker.run(id, async () => refreshToken(await this.#metadata.load(), old));
    } catch (error) {
      throw isRefusal(error) ? revoked(this.#config.name, error) : error;
    }
  }
}

/** A token that is kept alive while it is in use. */
export class LiveToken {
  readonly #refresh: TokenRefresh;
  readonly #place: TokenPlace;

  constructor(refresh: TokenRefresh, place: TokenPlace) {
    this.#refresh = refresh;
    this.#place = place;
  }

  /** The token as it is now. */
  usable(): Promise<OAuth2Token> {
    return this.#refresh.usable(this.#place);
  }

  /** Another one for one that the API has refused; nothing, where that would not help. */
  readonly replace = (refused: OAuth2Token): Promise<OAuth2Token | undefined> => {
    return this.#refresh.replacement(this.#place, refused);
  };
}

function isRefreshable(token: OAuth2Token | undefined): token is RefreshableToken {
  return token?.refreshToken !== undefined;
}

function signInAgain(config: OAuth2ClientConfig, old: OAuth2Token | undefined): OAuthError {
  const { name } = config;
  return old
    ? new TokenExpiredError({
        description:
          `the token for "${name}" is expired and there is no refresh token; sign in again. ` +
          refreshTokenAdvice(config),
      })
    : new MissingTokenError({ description: `no token for "${name}": this user has none; sign in first` });
}

function isRefusal(error: unknown): error is OAuthError {
  return error instanceof OAuthError && error.error === 'invalid_grant';
}

function revoked(name: string, { description, uri, providerStatus }: OAuthError): TokenRevokedError {
  return new TokenRevokedError({
    description: `the provider of "${name}" no longer accepts the refresh token (invalid_grant): ${description}; sign in again`,
    uri,
    answered: providerStatus === undefined ? undefined : { status: providerStatus },
  });
}
