import { OAuthConfigError } from '../errors/oauth.errors.js';

/** A connected client of the package `redis` (one, or a pool), as far as it is used here. */
export interface NodeRedisClient {
  sendCommand(command: string[]): Promise<unknown>;
}

/** A client of the package `ioredis` (one, or a cluster), as far as it is used here. */
export interface IORedisClient {
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** The application's own connection to Redis, by either package. */
export type RedisClient = NodeRedisClient | IORedisClient;

/** Sends one command, and gives the server's answer. */
export type SendCommand = (command: string, ...args: string[]) => Promise<unknown>;

/** @throws {OAuthConfigError} when it is no client of either package */
export function commandsOf(client: RedisClient): SendCommand {
  const send = senderOf(client);
  return (...command) => send(...command).catch(withoutCommand);
}

function senderOf(client: RedisClient): SendCommand {
  if ('call' in client && typeof client.call === 'function') return (command, ...args) => client.call(command, ...args);
  if ('sendCommand' in client && typeof client.sendCommand === 'function') {
    return (command, ...args) => client.sendCommand([command, ...args]);
  }
  throw new OAuthConfigError(['redis: expected a client of the package "redis" or "ioredis"']);
}

/** The errors of ioredis have the whole command in them, and so the secrets that were to be saved; some of Redis, its beginning. */
function withoutCommand(error: unknown): never {
  const message = error instanceof Error ? error.message : 'the command failed';
  throw new Error(`redis: ${message.replace(/, with args beginning with.*/s, '')}`);
}
