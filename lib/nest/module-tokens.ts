import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { OAuthClientOptions } from '../oauth-client.options.js';
import type { OAuthRequest } from '../oauth-request.js';
import { OAuthConfigError } from '../oauth.errors.js';
import type { ApplicationTokens, FoundToken, TokenOwner } from '../token/application-tokens.js';
import { tokenKey } from '../token/token-key.js';
import type {
  EndedSession,
  RevokedToken,
  SimpleTokenStore,
  TokenEvents,
  TokenStore,
  UnsavedToken,
  UpdateTokenContext,
} from '../token/token-store.js';
import type { OAuth2Token } from '../token/token.js';
import { resolveOption } from './module-provider.js';

type AnyStore = TokenStore | SimpleTokenStore;

/** The application's tokens: by the functions of the options, or else in the `tokenStore` that Nest resolves. */
@Injectable()
export class ModuleTokens implements ApplicationTokens, OnModuleInit {
  readonly #options: OAuthClientOptions;
  readonly #moduleRef: ModuleRef;
  #store?: Promise<AnyStore | undefined>;

  constructor(options: OAuthClientOptions, moduleRef: ModuleRef) {
    this.#options = options;
    this.#moduleRef = moduleRef;
  }

  /** Resolves the store at start-up, so that a missing one is noticed there. */
  async onModuleInit(): Promise<void> {
    await this.#resolved();
  }

  async find(name: string, { request, user }: TokenOwner): Promise<FoundToken | undefined> {
    const { fetchToken } = this.#options.value;
    const store = await this.#resolved();
    if (request && fetchToken) return given(await fetchToken(name, request));
    if (isShared(store)) {
      const owner = user ?? (request && (await this.#userOf(request)));
      return isNobody(owner) ? undefined : { store, key: tokenKey(name, owner) };
    }
    if (!request) throw needsTokenStore(store);
    return given(await store?.fetchToken(name, request));
  }

  async isSignedIn(name: string, request: OAuthRequest): Promise<boolean | undefined> {
    const options = this.#options.value;
    if (options.userOf) return !isNobody(await options.userOf(request));
    const { fetchToken } = options;
    const store = await this.#resolved();
    if (fetchToken) return Boolean(await fetchToken(name, request)) || undefined;
    return isShared(store) ? undefined : Boolean(await store?.fetchToken(name, request)) || undefined;
  }

  async sharedStore(): Promise<TokenStore | undefined> {
    const store = await this.#resolved();
    return isShared(store) ? store : undefined;
  }

  async updateToken(name: string, token: OAuth2Token, context: UpdateTokenContext): Promise<void> {
    const { updateToken } = this.#options.value;
    const store = await this.#resolved();
    if (updateToken) await updateToken(name, token, context);
    else if (!isShared(store)) await store?.updateToken?.(name, token, context);
  }

  async onTokenRevoked(revoked: RevokedToken): Promise<void> {
    await (await this.#whoHas('onTokenRevoked'))?.onTokenRevoked?.(revoked);
  }

  async onTokenUnsaved(unsaved: UnsavedToken): Promise<void> {
    await (await this.#whoHas('onTokenUnsaved'))?.onTokenUnsaved?.(unsaved);
  }

  /** @throws {OAuthConfigError} when the application has nothing that ends sessions */
  async onBackchannelLogout(ended: EndedSession): Promise<void> {
    const listener = await this.#whoHas('onBackchannelLogout');
    if (!listener) {
      throw new OAuthConfigError([
        'onBackchannelLogout: missing; back-channel logout needs it in the tokenStore or the options',
      ]);
    }
    await listener.onBackchannelLogout?.(ended);
  }

  /**
   * Asks the store for a token that nobody has.
   * @returns false when there is no store that could be asked
   * @throws whatever the store does when it cannot answer
   */
  async check(): Promise<boolean> {
    const store = await this.sharedStore();
    await store?.fetch(tokenKey('#health-check', ''));
    return store !== undefined;
  }

  async #whoHas(event: keyof TokenEvents): Promise<TokenEvents | undefined> {
    const options = this.#options.value;
    if (options[event]) return options;
    const store = await this.#resolved();
    return store?.[event] ? store : undefined;
  }

  async #userOf(request: object): Promise<string | number | null | undefined> {
    const options = this.#options.value;
    if (options.userOf) return options.userOf(request);
    throw new OAuthConfigError([
      'userOf: missing. The tokenStore finds tokens by user id, and userOf returns the user id of a request. Add userOf to OAuthClientModule',
    ]);
  }

  #resolved(): Promise<AnyStore | undefined> {
    return (this.#store ??= this.#resolve());
  }

  async #resolve(): Promise<AnyStore | undefined> {
    const { tokenStore: value } = this.#options.value;
    if (value === undefined) return undefined;
    return resolveOption<AnyStore>(this.#moduleRef, { name: 'tokenStore', value, methods: ['fetchToken', 'fetch'] });
  }
}

function isNobody(user: string | number | null | undefined): user is '' | null | undefined {
  return user === undefined || user === null || user === '';
}

function needsTokenStore(store: SimpleTokenStore | undefined): OAuthConfigError {
  const why = store ? 'is a SimpleTokenStore (fetchToken), which finds tokens by the request' : 'is missing';
  return new OAuthConfigError([
    `tokenStore: a call with \`{ user }\` needs a TokenStore, and the tokenStore of OAuthClientModule ${why}. Pass ` +
      '`{ request }` or `{ token }` to the call, or configure a TokenStore, such as RedisTokenStore or TypeOrmTokenStore',
  ]);
}

function given(token: Awaited<ReturnType<SimpleTokenStore['fetchToken']>>): FoundToken | undefined {
  return token ? { given: token } : undefined;
}

function isShared(store: AnyStore | undefined): store is TokenStore {
  return store !== undefined && !('fetchToken' in store);
}
