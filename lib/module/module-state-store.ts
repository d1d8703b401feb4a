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

/** Keeps pending logins as the option `state` says: in the session, in cookies, or in a storage. */
@Injectable()
export class ModuleStateStore implements StateStore<PendingLogin>, OnModuleInit {
  readonly #options: OAuthClientOptions;
  readonly #moduleRef: ModuleRef;
  #store?: Promise<StateStore<PendingLogin>>;

  constructor(options: OAuthClientOptions, moduleRef: ModuleRef) {
    this.#options = options;
    this.#moduleRef = moduleRef;
  }

  /** Resolves the store at start-up, so that a missing store stops the start. */
  async onModuleInit(): Promise<void> {
    await this.#resolved();
  }

  async save(request: OAuthRequest, response: OAuthResponse, key: PendingKey, pending: PendingLogin): Promise<void> {
    try {
      await (await this.#resolved()).save(request, response, key, pending);
    } catch (error) {
      throw storeFailed(
        error,
        [key.state, ...stringsIn(pending)].filter((text) => !isPublic(key, text)),
      );
    }
  }

  async take(request: OAuthRequest, response: OAuthResponse, key: PendingKey): Promise<PendingLogin> {
    try {
      return await (await this.#resolved()).take(request, response, key);
    } catch (error) {
      throw storeFailed(error, [key.state]);
    }
  }

  #resolved(): Promise<StateStore<PendingLogin>> {
    return (this.#store ??= this.#resolve());
  }

  async #resolve(): Promise<StateStore<PendingLogin>> {
    const { state: value = 'session', encryptionKeys } = this.#options.value;
    const sessionStore = new SessionStateStore<PendingLogin>(encryptionKeys); // checks the keys, whatever `state` is
    if (value === 'session') return sessionStore;
    if (value !== 'cookie') {
      const storage = await resolveOption(this.#moduleRef, { name: 'state', value, kinds: [['take', 'set', 'has']] });
      return new CookieStateStore({ storage });
    }
    if (encryptionKeys !== undefined) return new CookieStateStore({ encryptionKeys });
    throw new OAuthConfigError([
      "encryptionKeys: missing; state: 'cookie' requires a key of 32 bytes in base64. Create one with `openssl rand -base64 32`",
    ]);
  }
}

/**
 * Returns the error of an application's store, without its message, which may quote the pending login. The log has the message,
 * redacted. Returns an error of this library unchanged.
 * @param secrets values of the login, which the error may repeat
 */
function storeFailed(error: unknown, secrets: readonly string[]): HttpException {
  if (error instanceof HttpException) return error;
  return new OAuthError('state_store_error', {
    description: 'the state store failed, so the pending login could not be saved or found. See the cause',
    detail: thrownText(error, secrets),
    status: 500,
    cause: withoutMessage(error),
  });
}

/** Returns whether a string of a pending login is not a secret. */
function isPublic({ provider, kind }: PendingKey, text: string): boolean {
  return text === provider || text === kind;
}

/** Returns every string in a pending login. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
