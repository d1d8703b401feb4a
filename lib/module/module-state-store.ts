import { HttpException, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { thrownText } from '../errors/error-text.js';
import { OAuthClientOptions } from '../oauth-client.options.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthConfigError, OAuthError } from '../errors/oauth.errors.js';
import { withoutMessage } from '../common/redaction.js';
import type { PendingLogin } from '../remote-app/login.js';
import { CookieStateStore } from '../state/cookie-state.js';
import type { OAuthResponse } from '../state/oauth-response.js';
import { SessionStateStore } from '../state/session-state.js';
import type { PendingKey, StateStore } from '../state/state-store.js';
import { resolveOption } from './module-provider.js';

/** The application's state store: the session, cookies, or a storage that Nest may have to resolve. */
@Injectable()
export class ModuleStateStore implements StateStore<PendingLogin>, OnModuleInit {
  readonly #options: OAuthClientOptions;
  readonly #moduleRef: ModuleRef;
  #store?: Promise<StateStore<PendingLogin>>;

  constructor(options: OAuthClientOptions, moduleRef: ModuleRef) {
    this.#options = options;
    this.#moduleRef = moduleRef;
  }

  /** Resolves the store at start-up, so that a missing one is noticed there. */
  async onModuleInit(): Promise<void> {
    await this.#resolved();
  }

  async save(request: OAuthRequest, response: OAuthResponse, key: PendingKey, pending: PendingLogin): Promise<void> {
    const secrets = [key.state, ...stringsIn(pending)].filter((text) => text !== key.provider && text !== key.kind);
    await this.#ask((store) => store.save(request, response, key, pending), secrets);
  }

  async take(request: OAuthRequest, response: OAuthResponse, key: PendingKey): Promise<PendingLogin> {
    return this.#ask((store) => store.take(request, response, key), [key.state]);
  }

  /** @param secrets values of the login, which the error of a session or a storage may repeat */
  async #ask<T>(question: (store: StateStore<PendingLogin>) => Promise<T>, secrets: readonly string[]): Promise<T> {
    const store = await this.#resolved();
    try {
      return await question(store);
    } catch (error) {
      if (error instanceof HttpException) throw error;
      throw storeFailed(error, secrets);
    }
  }

  #resolved(): Promise<StateStore<PendingLogin>> {
    return (this.#store ??= this.#resolve());
  }

  async #resolve(): Promise<StateStore<PendingLogin>> {
    const { state: value = 'session', encryptionKeys } = this.#options.value;
    const ofSession = new SessionStateStore<PendingLogin>(encryptionKeys);
    if (value === 'session') return ofSession;
    if (value !== 'cookie') {
      const storage = await resolveOption(this.#moduleRef, { name: 'state', value, kinds: [['take', 'set', 'has']] });
      return new CookieStateStore({ storage });
    }
    if (encryptionKeys !== undefined) return new CookieStateStore({ encryptionKeys });
    throw new OAuthConfigError([
      "encryptionKeys: missing; state: 'cookie' needs one: 32 random bytes in base64, as `openssl rand -base64 32` makes them",
    ]);
  }
}

/** The message of a storage's error may hold anything, such as what it was to save: the log has it redacted. */
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
