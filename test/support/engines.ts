import { expect } from '@jest/globals';
import { createClient, type RedisClientType } from 'redis';
import { describeWhere } from './skips.js';

const { DATABASE_URL, REDIS_URL } = process.env;

/** What tests that are skipped lack. */
const NEEDS_REDIS = 'a Redis server: set REDIS_URL';
export const NEEDS_POSTGRES = 'a PostgreSQL server: set DATABASE_URL';

/** `describe`, for what needs Redis: skipped without `REDIS_URL`, but never in CI. */
export const describeWithRedis = describeWhere(REDIS_URL !== undefined, NEEDS_REDIS);

/** The same for PostgreSQL and `DATABASE_URL`. */
export const describeWithPostgres = describeWhere(DATABASE_URL !== undefined, NEEDS_POSTGRES);

/** A connection to the server of `REDIS_URL`. */
export async function connectRedis(): Promise<RedisClientType> {
  expect(REDIS_URL).toBeDefined();
  const client = createClient({ url: REDIS_URL });
  await client.connect();
  return client as RedisClientType;
}
