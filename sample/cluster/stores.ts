import type { LoginStorage, TokenStore } from 'nestjs-oauth-client/stores';
import { RedisStateStore, RedisTokenStore } from 'nestjs-oauth-client/redis';
import { TypeOrmTokenStore } from 'nestjs-oauth-client/typeorm';
import { createClient, type RedisClientType } from 'redis';
import { readSettings } from './settings.js';
import { tokenDatabase } from './tokens/database.js';
import { PrimaryTokenStore } from './tokens/primary-token-store.js';

const REDIS = { prefix: 'cluster:' };

/** The stores that the processes share. */
export abstract class Stores {
  /** Keeps pending logins. */
  abstract readonly state: 'cookie' | LoginStorage;
  /** Keeps tokens. */
  abstract readonly tokens: TokenStore;
  /** Where tokens are kept, as the page says it. */
  abstract readonly tokensAre: string;
}

/** Opens Redis or PostgreSQL, if configured. Otherwise, the process that started this process keeps the tokens. */
export async function openStores(): Promise<Stores> {
  const { redisUrl, databaseUrl, state } = readSettings();
  if (redisUrl) {
    const redis = await connect(redisUrl);
    return {
      state: state === 'redis' ? new RedisStateStore(redis, REDIS) : 'cookie',
      tokens: new RedisTokenStore(redis, REDIS),
      tokensAre: 'in Redis',
    };
  }
  if (databaseUrl) {
    const database = await tokenDatabase(databaseUrl).initialize();
    return { state: 'cookie', tokens: new TypeOrmTokenStore(database), tokensAre: 'in PostgreSQL' };
  }
  return { state: 'cookie', tokens: new PrimaryTokenStore(), tokensAre: 'with the process that started them all' };
}

async function connect(url: string): Promise<RedisClientType> {
  const redis: RedisClientType = createClient({ url });
  redis.on('error', (error: Error) => console.error(`Redis: ${error.message}`));
  return redis.connect();
}
