import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { OAuthClientOptions } from '../oauth-client.options.js';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { isShared, type ApplicationTokens, type TokenFinders } from '../token/application-tokens.js';
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

/** Finds and saves the application's tokens with the functions of the options, or else with the `tokenStore`. */
@Injectable()
export class ConfiguredTokens implements ApplicationTokens, OnModuleInit {
  readonly #options: OAuthClientOptions;
  readonly #moduleRef: ModuleRef;
  #store?: Promise<AnyStore | undefined>;

  constructor(options: OAuthClientOptions, moduleRef: ModuleRef) {
    this.#options = options;
    this.#moduleRef = moduleRef;
  }

  /** Resolves the store at start-up, so that a missing store stops the start. */
  async onModuleInit(): Promise<void> {
    await this.#resolved();
  }

  async finders(): Promise<TokenFinders> {
    const options = this.#options.value;
    return { fetchToken: options.fetchToken, userOf: options.userOf?.bind(options), store: await this.#resolved() };
  }

  async updateToken(name: string, token: OAuth2Token, context: UpdateTokenContext): Promise<void> {
    const { updateToken } = this.#options.value;
    const store = await this.#resolved();
    if (updateToken) await updateToken(name, token, context);
    else if (!isShared(store)) await store?.updateToken?.(name, token, context);
  }

  async onTokenRevoked(revoked: RevokedToken): Promise<void> {
    await (await this.#listenerOf('onTokenRevoked'))?.onTokenRevoked?.(revoked);
  }

  async onTokenUnsaved(unsaved: UnsavedToken): Promise<void> {
    await (await this.#listenerOf('onTokenUnsaved'))?.onTokenUnsaved?.(unsaved);
  }

  /** @throws {OAuthConfigError} when neither the options nor the store have `onBackchannelLogout` */
  async onBackchannelLogout(ended: EndedSession): Promise<void> {
    const listener = await this.#listenerOf('onBackchannelLogout');
    if (!listener) {
      throw new OAuthConfigError([
        'onBackchannelLogout: missing; back-channel logout requires it. Add it to the tokenStore or to the options',
      ]);
    }
    await listener.onBackchannelLogout?.(ended);
  }

  /**
   * Checks that the store responds, by fetching a token that does not exist.
   * @returns false when the application has no `TokenStore`
   * @throws the error of the store
   */
  async check(): Promise<boolean> {
    const store = await this.#resolved();
    if (!isShared(store)) return false;
    await store.fetch(tokenKey('#health-check', ''));
    return true;
  }

  async #listenerOf(event: keyof TokenEvents): Promise<TokenEvents | undefined> {
    const options = this.#options.value;
    if (options[event]) return options;
    const store = await this.#resolved();
    return store?.[event] ? store : undefined;
  }

  #resolved(): Promise<AnyStore | undefined> {
    return (this.#store ??= this.#resolve());
  }

  async #resolve(): Promise<AnyStore | undefined> {
    const { tokenStore: value } = this.#options.value;
    if (value === undefined) return undefined;
    return resolveOption<AnyStore>(this.#moduleRef, {
      name: 'tokenStore',
      value,
      kinds: [['fetchToken'], ['fetch']],
    });
  }
}
