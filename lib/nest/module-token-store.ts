import { Injectable, type InjectionToken, type OnModuleInit, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { OAuthClientOptions } from '../oauth-client.options.js';
import type { OAuthRequest } from '../oauth-request.js';
import { OAuthConfigError } from '../oauth.errors.js';
import type { FetchedToken, TokenStore, UpdateTokenContext } from '../token/token-store.js';
import type { OAuth2Token } from '../token/token.js';

/** The application's token store: the functions of the options, or else the `tokenStore` that Nest resolves. */
@Injectable()
export class ModuleTokenStore implements TokenStore, OnModuleInit {
  readonly #options: OAuthClientOptions;
  readonly #moduleRef: ModuleRef;
  #store?: Promise<TokenStore | undefined>;

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

  #resolved(): Promise<TokenStore | undefined> {
    return (this.#store ??= this.#resolve());
  }

  async #resolve(): Promise<TokenStore | undefined> {
    const { tokenStore } = this.#options.value;
    if (tokenStore === undefined || isStore(tokenStore)) return tokenStore;
    const store = await this.#find(tokenStore);
    if (isStore(store)) return store;
    throw new OAuthConfigError([`tokenStore: ${describe(tokenStore)} has no method fetchToken`]);
  }

  async #find(token: InjectionToken<TokenStore>): Promise<unknown> {
    try {
      return this.#moduleRef.get<unknown>(token, { strict: false });
    } catch {
      if (typeof token === 'function') return this.#moduleRef.create(token as Type<unknown>);
      throw new OAuthConfigError([`tokenStore: no module provides ${describe(token)}`]);
    }
  }
}

function isStore(value: unknown): value is TokenStore {
  return typeof value === 'object' && value !== null && typeof (value as TokenStore).fetchToken === 'function';
}

function describe(token: InjectionToken<TokenStore> | TokenStore): string {
  if (typeof token === 'function') return token.name;
  return typeof token === 'object' ? 'the object given' : String(token);
}
