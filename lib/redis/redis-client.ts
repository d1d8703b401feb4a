import { OAuthConfigError } from '../errors/oauth.errors.js';

/** The part of a connected client or pool of the package `redis` that this library uses. */
export interface NodeRedisClient {
  sendCommand(command: string[]): Promise<unknown>;
}

/** The part of a client or cluster of the package `ioredis` that this library uses. */
export interface IORedisClient {
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** The application's Redis client, of the package `redis` or `ioredis`. */
export type RedisClient = NodeRedisClient | IORedisClient;

/** Sends one command, and returns the server's reply. */
export type SendCommand = (command: string, ...args: string[]) => Promise<unknown>;

/** @throws {OAuthConfigError} when `client` is not a client of the package `redis` or `ioredis` */
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

/** Keeps only the message: errors of ioredis have the whole command, with its secrets, and some Redis messages quote its start. */
function withoutCommand(error: unknown): never {
  const message = error instanceof Error ? error.message : 'the command failed';
  throw new Error(`redis: ${message.replace(/, with args beginning with.*/s, '')}`);
}
