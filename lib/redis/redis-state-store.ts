import { thrownText } from '../errors/error-text.js';
import { OAuthError } from '../errors/oauth.errors.js';
import type { LoginStorage } from '../state/login-storage.js';
import { commandsOf, type RedisClient, type SendCommand } from './redis-client.js';

/** How a {@link RedisStateStore} is set up. */
export interface RedisStateStoreOptions {
  /**
   * What its keys in Redis begin with.
   * @default 'oauth:'
   */
  prefix?: string;
}

/**
 * Keeps pending logins in Redis (6.2 or newer), where a login can be taken once among all processes.
 *
 * @example
 * OAuthClientModule.forRoot({ state: new RedisStateStore(client) })
 */
export class RedisStateStore implements LoginStorage {
  readonly #send: SendCommand;
  readonly #prefix: string;

  /** @throws {OAuthConfigError} when it is no client of the package `redis` or `ioredis` */
  constructor(client: RedisClient, { prefix = 'oauth:' }: RedisStateStoreOptions = {}) {
    this.#send = commandsOf(client);
    this.#prefix = prefix;
  }

  /** @throws {OAuthError} `state_store_error` (status 500) when Redis fails, as in the other methods */
  async set(id: string, value: string, ttlSeconds: number): Promise<void> {
    await this.#ask('SET', id, value, 'EX', String(ttlSeconds));
  }

  async take(id: string): Promise<string | undefined> {
    const value = await this.#ask('GETDEL', id);
    return typeof value === 'string' ? value : undefined;
  }

  async has(id: string): Promise<boolean> {
    return Number(await this.#ask('EXISTS', id)) === 1;
  }

  async #ask(command: string, id: string, ...args: string[]): Promise<unknown> {
    try {
      return await this.#send(command, this.#prefix + id, ...args);
    } catch (cause) {
      throw new OAuthError('state_store_error', {
        description: 'Redis failed, so the pending login could not be kept or found; see its cause',
        detail: thrownText(cause, args),
        status: 500,
        cause,
      });
    }
  }
}
