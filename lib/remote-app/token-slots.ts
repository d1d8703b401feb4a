import type { ClientConfig, OAuth2ClientConfig } from '../config/client-config.js';
import { tokenBindingOf } from '../config/token-binding.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { MissingTokenError, OAuthConfigError } from '../errors/oauth.errors.js';
import { CallerSlot, type UpdateToken } from '../refresh/caller-slot.js';
import { ClientSlot } from '../refresh/client-slot.js';
import { StoredSlot } from '../refresh/stored-slot.js';
import type { TokenSlot } from '../refresh/token-slot.js';
import { sha256 } from '../common/sha256.js';
import { holdsApplicationData } from '../state/application-data.js';
import { isShared, type ApplicationTokens, type TokenFinders, type UserId } from '../token/application-tokens.js';
import { requireOwnToken, type TokenBinding } from '../token/token-binding.js';
import { tokenKey } from '../token/token-key.js';
import type { FetchedToken } from '../token/token-store.js';
import type { StoredToken } from '../token/token.js';
import type { TokenSource } from './api-options.js';

/** Timeout of token stores in seconds with OAuth 1, which has no `refreshTimeout`. */
const STORE_TIMEOUT_S = 10;

/** Finds the slot of the token that an operation of one client uses. */
export class TokenSlots {
  readonly #config: ClientConfig;
  readonly #application: ApplicationTokens;
  readonly #binding: TokenBinding;
  /** Timeout of the token store in seconds. */
  readonly #timeout: number;
  #clientSlot?: TokenSlot;

  constructor(config: ClientConfig, application: ApplicationTokens) {
    this.#config = config;
    this.#application = application;
    this.#binding = tokenBindingOf(config);
    this.#timeout = config.protocol === 'OAuth 2' ? config.refreshTimeout : STORE_TIMEOUT_S;
  }

  /**
   * Returns the slot of the first source that applies:
   * 1. `token`;
   * 2. for a machine client, the client's token;
   * 3. with a `request`, the result of `fetchToken` in the client's settings, or else in the module's options;
   * 4. the `tokenStore`: a `TokenStore` with `user`, or else with the `userOf` the `request`; a `SimpleTokenStore` with the
   *    `request`.
   *
   * @throws {MissingTokenError} when no source was passed, when the user does not have a token, or when the token was issued by
   * another provider or to another client
   * @throws {OAuthConfigError} when `userOf` is missing, or when `user` was passed and the application has no `TokenStore`
   */
  async find({ token, request, user }: TokenSource): Promise<TokenSlot> {
    const config = this.#config;
    const { name } = config;
    if (token) return this.#callerSlot(token, request);
    if (config.protocol === 'OAuth 2' && config.grantType === 'client_credentials') return this.#ofClient(config);
    if (!request && user === undefined) throw missingToken(name, 'none of `token`, `request` and `user` was passed');
    const slot = await this.#ofUser(request, user);
    if (slot) return slot;
    throw missingToken(
      name,
      'no user is signed in, or the user has no token. Sign in first, and check that `tokenStore` or `fetchToken` finds the token',
    );
  }

  async #ofUser(request: OAuthRequest | undefined, user: UserId): Promise<TokenSlot | undefined> {
    const { name, fetchToken } = this.#config;
    if (request && fetchToken) return this.#fetched(await fetchToken(request), request);
    const finders = await this.#application.finders();
    if (request && finders.fetchToken) return this.#fetched(await finders.fetchToken(name, request), request);
    const { store } = finders;
    if (isShared(store)) {
      const owner = user ?? (request && (await requireUserOf(finders)(request)));
      if (isSignedOut(owner)) return undefined;
      const options = { timeout: this.#timeout, binding: this.#binding, request };
      return new StoredSlot(store, tokenKey(name, owner), options);
    }
    if (!request) throw needsTokenStore(store);
    return this.#fetched(await store?.fetchToken(name, request), request);
  }

  /** Returns the slot of the client's token (RFC 6749 §4.4), which all processes with the same store share. */
  async #ofClient(config: OAuth2ClientConfig): Promise<TokenSlot> {
    if (this.#clientSlot) return this.#clientSlot;
    const { store } = await this.#application.finders();
    return (this.#clientSlot ??= isShared(store)
      ? new StoredSlot(store, clientKey(config), { timeout: this.#timeout })
      : new ClientSlot());
  }

  /**
   * Returns whether a user is signed in to the application. Without `userOf` and without a token, returns whether the session
   * contains data of the application.
   */
  async isSignedIn(request: OAuthRequest): Promise<boolean> {
    const { name, fetchToken } = this.#config;
    if (await fetchToken?.(request)) return true;
    const finders = await this.#application.finders();
    if (finders.userOf) return !isSignedOut(await finders.userOf(request));
    const finder = finders.fetchToken ? finders : finders.store;
    const token = finder && 'fetchToken' in finder && (await finder.fetchToken?.(name, request));
    return Boolean(token) || holdsApplicationData(request);
  }

  /** @throws {MissingTokenError} when the token was issued by another provider, or to another client */
  requireOwn(token: StoredToken): void {
    requireOwnToken(this.#config.name, token, this.#binding);
  }

  #fetched(token: FetchedToken, request: OAuthRequest): TokenSlot | undefined {
    return token ? this.#callerSlot(token, request) : undefined;
  }

  #callerSlot(token: StoredToken, request: OAuthRequest | undefined): TokenSlot {
    this.requireOwn(token);
    return new CallerSlot({ name: this.#config.name, request }, token, this.#update);
  }

  readonly #update: UpdateToken = (token, context) => {
    const config = this.#config;
    if (config.protocol === 'OAuth 2' && config.updateToken) return config.updateToken(token, context);
    return this.#application.updateToken(config.name, token, context);
  };
}

/** Returns the error for a call that finds no token. */
export function missingToken(name: string, why = 'this user has none; sign in first'): MissingTokenError {
  return new MissingTokenError({ description: `no token for "${name}": ${why}` });
}

/** Returns the key of the client's token. It depends on the provider and on all settings that affect the token. */
function clientKey(config: OAuth2ClientConfig) {
  const { name, clientId, scope, resource, accessTokenParams } = config;
  const tokenSettings = JSON.stringify([tokenBindingOf(config).issuer, clientId, scope, resource, accessTokenParams]);
  const digest = sha256(tokenSettings).slice(0, 16);
  return tokenKey(`${name}#${digest}`, '');
}

function isSignedOut(user: UserId): user is '' | null | undefined {
  return user === undefined || user === null || user === '';
}

function requireUserOf({ userOf }: TokenFinders): NonNullable<TokenFinders['userOf']> {
  if (userOf) return userOf;
  throw new OAuthConfigError([
    'userOf: missing. The tokenStore finds tokens by user id, and userOf returns the user id of a request. Add userOf to OAuthClientModule',
  ]);
}

function needsTokenStore(store: TokenFinders['store']): OAuthConfigError {
  const why = store ? 'is a SimpleTokenStore (fetchToken), which finds tokens by the request' : 'is missing';
  return new OAuthConfigError([
    `tokenStore: a call with \`{ user }\` needs a TokenStore, and the tokenStore of OAuthClientModule ${why}. Pass ` +
      '`{ request }` or `{ token }` to the call, or configure a TokenStore, such as RedisTokenStore or TypeOrmTokenStore',
  ]);
}
