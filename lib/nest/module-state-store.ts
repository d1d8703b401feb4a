import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { OAuthClientOptions } from '../oauth-client.options.js';
import type { OAuthRequest } from '../oauth-request.js';
import { OAuthConfigError } from '../oauth.errors.js';
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
    await (await this.#resolved()).save(request, key, pending);
  }

  async take(request: OAuthRequest, key: PendingKey): Promise<Pending> {
    return (await this.#resolved()).take(request, key);
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
