import { expect } from '@jest/globals';
import { createClient, type RedisClientType } from 'redis';
import { describeWhere } from './skips.js';

const { DATABASE_URL, REDIS_URL } = process.env;

/** The reasons why tests are skipped. */
const NEEDS_REDIS = 'a Redis server: set REDIS_URL';
export const NEEDS_POSTGRES = 'a PostgreSQL server: set DATABASE_URL';

/** A `describe` for tests that need Redis. It skips them without `REDIS_URL`, except in CI. */
export const describeWithRedis = describeWhere(REDIS_URL !== undefined, NEEDS_REDIS);

/** A `describe` for tests that need PostgreSQL. It skips them without `DATABASE_URL`, except in CI. */
export const describeWithPostgres = describeWhere(DATABASE_URL !== undefined, NEEDS_POSTGRES);

/** Connects to the server of `REDIS_URL`. */
export async function connectRedis(): Promise<RedisClientType> {
  expect(REDIS_URL).toBeDefined();
  const client = createClient({ url: REDIS_URL });
  await client.connect();
  return client as RedisClientType;
}
