import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { OAuthClientOptions } from '../oauth-client.options.js';
import type { OAuthRequest } from '../oauth-request.js';
import { OAuthConfigError } from '../oauth.errors.js';
import type { EndedSession, FetchedToken, SimpleTokenStore, UpdateTokenContext } from '../token/token-store.js';
import type { OAuth2Token } from '../token/token.js';
import { resolveOption } from './module-provider.js';

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

  #resolved(): Promise<SimpleTokenStore | undefined> {
    return (this.#store ??= this.#resolve());
  }

  async #resolve(): Promise<SimpleTokenStore | undefined> {
    const { tokenStore: value } = this.#options.value;
    return value === undefined
      ? undefined
      : resolveOption(this.#moduleRef, { name: 'tokenStore', value, method: 'fetchToken' });
  }
}
