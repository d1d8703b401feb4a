import { HttpException, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { thrownText } from '../error-text.js';
import { OAuthClientOptions } from '../oauth-client.options.js';
import type { OAuthRequest } from '../oauth-request.js';
import { OAuthConfigError, OAuthError } from '../oauth.errors.js';
import { withoutMessage } from '../redaction.js';
import { KeyRing } from '../sealing/key-ring.js';
import { CookieStateStore } from '../state/cookie-state.js';
import { SessionStateStore } from '../state/session-state.js';
import type { Pending, PendingKey, StateStore } from '../state/state-store.js';
import { resolveOption } from './module-provider.js';

/** The application's state store: the session, cookies, or what Nest resolves. */
@Injectable()
export class ModuleStateStore implements StateStore, OnModuleInit {
  readonly #options: OAuthClientOptions;
  readonly #moduleRef: ModuleRef;
  #store?: Promise<StateStore>;

  constructor(options: OAuthClientOptions, moduleRef: ModuleRef) {
    this.#options = options;
    this.#moduleRef = moduleRef;
  }

  /** Resolves the store at start-up, so that a missing one is noticed there. */
  async onModuleInit(): Promise<void> {
    await this.#resolved();
  }

  async save(request: OAuthRequest, key: PendingKey, pending: Pending): Promise<void> {
    const secrets = [key.state, ...stringsIn(pending)].filter((text) => text !== key.provider);
    await this.#ask((store) => store.save(request, key, pending), secrets);
  }

  async take(request: OAuthRequest, key: PendingKey): Promise<Pending> {
    return this.#ask((store) => store.take(request, key), [key.state]);
  }

  /** @param secrets values that the store is given, which its error may repeat */
  async #ask<T>(question: (store: StateStore) => Promise<T>, secrets: readonly string[]): Promise<T> {
    const store = await this.#resolved();
    try {
      return await question(store);
    } catch (error) {
      if (error instanceof HttpException) throw error;
      throw storeFailed(error, secrets);
    }
  }

  #resolved(): Promise<StateStore> {
    return (this.#store ??= this.#resolve());
  }

  async #resolve(): Promise<StateStore> {
    const { state: value = 'session', encryptionKeys } = this.#options.value;
    const keys = encryptionKeys === undefined ? undefined : new KeyRing(encryptionKeys);
    if (value === 'session') return new SessionStateStore(keys);
    if (value !== 'cookie') return resolveOption(this.#moduleRef, { name: 'state', value, methods: ['take'] });
    if (keys) return new CookieStateStore(keys);
    throw new OAuthConfigError([
      "encryptionKeys: missing; state: 'cookie' needs one: 32 random bytes in base64, as `openssl rand -base64 32` makes them",
    ]);
  }
}

/** The message of a custom store's error may hold anything, such as what it was to save: the log has it redacted. */
function storeFailed(error: unknown, secrets: readonly string[]): OAuthError {
  return new OAuthError('state_store_error', {
    description: 'the state store failed, so the pending login could not be kept or found; see the cause',
    detail: thrownText(error, secrets),
    status: 500,
    cause: withoutMessage(error),
  });
}

/** Every string in a pending login. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
