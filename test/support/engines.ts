import { describe, expect } from '@jest/globals';
import { createClient, type RedisClientType } from 'redis';

const { DATABASE_URL, REDIS_URL, CI } = process.env;

/** `describe`, for what needs Redis: skipped without `REDIS_URL`, but never in CI. */
export const describeWithRedis = REDIS_URL !== undefined || CI !== undefined ? describe : describe.skip;

/** The same for PostgreSQL and `DATABASE_URL`. */
export const describeWithPostgres = DATABASE_URL !== undefined || CI !== undefined ? describe : describe.skip;

/** A connection to the server of `REDIS_URL`. */
export async function connectRedis(): Promise<RedisClientType> {
  expect(REDIS_URL).toBeDefined();
  const client = createClient({ url: REDIS_URL });
  await client.connect();
  return client as RedisClientType;
}
