import { Injectable, Scope, type InjectionToken, type OnModuleInit, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { OAuthClientOptions } from '../oauth-client.options.js';
import type { OAuthRequest } from '../oauth-request.js';
import { OAuthConfigError } from '../oauth.errors.js';
import type {
  EndedSession,
  FetchedToken,
  SimpleTokenStore,
  TokenStore,
  UpdateTokenContext,
} from '../token/token-store.js';
import type { OAuth2Token } from '../token/token.js';

/** The application's token store: the functions of the options, or else the `tokenStore` that Nest resolves. */
@Injectable()
export class ModuleTokenStore implements SimpleTokenStore, OnModuleInit {
  readonly #options: OAuthClientOptions;
  readonly #moduleRef: ModuleRef;
  #store?: Promise<SimpleTokenStore | undefined>;

  constructor(options: OAuthClientOptions, moduleRef: ModuleRef) {
    this.#options = options;
    this.#moduleRef = moduleRef;
  }

  /** Resolves the store at start-up, so that a missing one is noticed there. */
  async onModuleInit(): Promise<void> {
    await this.#resolved();
  }

  async fetchToken(name: string, request: OAuthRequest): Promise<FetchedToken> {
    const { fetchToken } = this.#options.value;
    return fetchToken ? fetchToken(name, request) : (await this.#resolved())?.fetchToken(name, request);
  }

  async updateToken(name: string, token: OAuth2Token, context: UpdateTokenContext): Promise<void> {
    const { updateToken } = this.#options.value;
    if (updateToken) await updateToken(name, token, context);
    else await (await this.#resolved())?.updateToken?.(name, token, context);
  }

  /** @throws {OAuthConfigError} when the application has nothing that ends sessions */
  async onBackchannelLogout(ended: EndedSession): Promise<void> {
    const { onBackchannelLogout } = this.#options.value;
    const store = await this.#resolved();
    if (onBackchannelLogout) await onBackchannelLogout(ended);
    else if (store?.onBackchannelLogout) await store.onBackchannelLogout(ended);
    else
      throw new OAuthConfigError([
        'onBackchannelLogout: missing; back-channel logout needs it in the tokenStore or the options',
      ]);
  }

  /**
   * Asks the store for a token that nobody has.
   * @returns false when there is no `TokenStore` that could be asked
   * @throws whatever the store does when it cannot answer
   */
  async check(): Promise<boolean> {
    const store = (await this.#resolved()) as Partial<TokenStore> | undefined;
    if (typeof store?.fetch !== 'function') return false;
    await store.fetch({ name: 'health check', user: '' });
    return true;
  }

  #resolved(): Promise<SimpleTokenStore | undefined> {
    return (this.#store ??= this.#resolve());
  }

  async #resolve(): Promise<SimpleTokenStore | undefined> {
    const { tokenStore } = this.#options.value;
    if (tokenStore === undefined || isStore(tokenStore)) return tokenStore;
    if (!isInjectionToken(tokenStore)) {
      throw new OAuthConfigError([
        'tokenStore: expected an object with a method fetchToken, a class, or an injection token',
      ]);
    }
    const store = await this.#find(tokenStore);
    if (isStore(store)) return store;
    throw new OAuthConfigError([`tokenStore: ${describe(tokenStore)} has no method fetchToken`]);
  }

  async #find(token: InjectionToken<SimpleTokenStore>): Promise<unknown> {
    const scope = this.#scopeOf(token);
    if (scope === Scope.DEFAULT) return this.#moduleRef.get<unknown>(token, { strict: false });
    if (scope !== undefined) {
      throw new OAuthConfigError([
        `tokenStore: ${describe(token)} must be a singleton, without request-scoped dependencies; ` +
          'fetchToken is given the request',
      ]);
    }
    if (typeof token === 'function') return this.#moduleRef.create(token as Type<unknown>);
    throw new OAuthConfigError([`tokenStore: no module provides ${describe(token)}`]);
  }

  /** Nothing, when no module provides it. */
  #scopeOf(token: InjectionToken<SimpleTokenStore>): Scope | undefined {
    try {
      return this.#moduleRef.introspect(token as Type<unknown> | string | symbol).scope;
    } catch {
      return undefined;
    }
  }
}

function isStore(value: unknown): value is SimpleTokenStore {
  return typeof value === 'object' && value !== null && typeof (value as SimpleTokenStore).fetchToken === 'function';
}

function isInjectionToken(value: unknown): value is InjectionToken<SimpleTokenStore> {
  return typeof value === 'string' || typeof value === 'symbol' || typeof value === 'function';
}

function describe(token: InjectionToken<SimpleTokenStore>): string {
  return typeof token === 'function' ? token.name : String(token);
}
