import { thrownText } from '../errors/error-text.js';
import { OAuthError } from '../errors/oauth.errors.js';
import type { LoginStorage } from '../state/login-storage.js';
import { commandsOf, type RedisClient, type SendCommand } from './redis-client.js';

/** Options of {@link RedisStateStore}. */
export interface RedisStateStoreOptions {
  /**
   * The prefix of all keys in Redis.
   * @default 'oauth:'
   */
  prefix?: string;
}

/**
 * Keeps pending logins in Redis 6.2 or newer. A login can be taken only once among all processes.
 *
 * @example
 * OAuthClientModule.forRoot({ state: new RedisStateStore(client) })
 */
export class RedisStateStore implements LoginStorage {
  readonly #send: SendCommand;
  readonly #prefix: string;

  /** @throws {OAuthConfigError} when `client` is not a client of the package `redis` or `ioredis` */
  constructor(client: RedisClient, { prefix = 'oauth:' }: RedisStateStoreOptions = {}) {
    this.#send = commandsOf(client);
    this.#prefix = prefix;
  }

  /** @throws {OAuthError} `state_store_error` (status 500) when Redis fails. The other methods throw it too */
  async set(id: string, value: string, ttlSeconds: number): Promise<void> {
    await this.#run('SET', id, value, 'EX', String(ttlSeconds));
  }

  async take(id: string): Promise<string | undefined> {
    const value = await this.#run('GETDEL', id);
    return typeof value === 'string' ? value : undefined;
  }

  async has(id: string): Promise<boolean> {
    return Number(await this.#run('EXISTS', id)) === 1;
  }

  async #run(command: string, id: string, ...args: string[]): Promise<unknown> {
    try {
      return await this.#send(command, this.#prefix + id, ...args);
    } catch (cause) {
      throw new OAuthError('state_store_error', {
        description: 'Redis failed, so the pending login could not be saved or found. See the cause',
        detail: thrownText(cause, args),
        status: 500,
        cause,
      });
    }
  }
}
