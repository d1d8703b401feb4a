import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import { OAuthConfigError } from 'nestjs-oauth-client';
import type { TokenKey } from 'nestjs-oauth-client/stores';
import { RedisTokenStore, type RedisClient } from 'nestjs-oauth-client/redis';
import { tokenStoreContract } from 'nestjs-oauth-client/testing';
import { createClient, createClientPool } from 'redis';
import { describeWithRedis } from '../support/engines.js';

const { REDIS_URL } = process.env;
const PREFIX = `test:${randomUUID()}:`;
const TOKEN = { accessToken: 's3cret-access', tokenType: 'bearer', refreshToken: 's3cret-refresh' };

interface Connection {
  client: RedisClient;
  close(): unknown;
}

async function connectRedis(RESP: 2 | 3): Promise<Connection> {
  const client = createClient({ url: REDIS_URL, RESP });
  await client.connect();
  return { client, close: () => client.close() };
}

async function connectPool(): Promise<Connection> {
  const pool = createClientPool({ url: REDIS_URL });
  await pool.connect();
  return { client: pool, close: () => pool.close() };
}

async function connectIoredis(options: { keyPrefix?: string; stringNumbers?: boolean } = {}): Promise<Connection> {
  const client = new Redis(REDIS_URL!, options);
  return { client, close: () => client.quit() };
}

const CONNECTIONS: [string, () => Promise<Connection>][] = [
  ['the package redis', () => connectRedis(2)],
  ['the package redis in RESP3', () => connectRedis(3)],
  ['a pool of the package redis', connectPool],
  ['the package ioredis', () => connectIoredis()],
  [
    'the package ioredis with a key prefix and numbers as strings',
    () => connectIoredis({ keyPrefix: 'test:prefixed:', stringNumbers: true }),
  ],
];

describeWithRedis('a token store in Redis', () => {
  const redis = new Redis(REDIS_URL ?? '', { lazyConnect: true });

  beforeAll(async () => {
    expect(REDIS_URL).toBeDefined();
    await redis.connect();
  });

  afterAll(async () => {
    for (const pattern of [`${PREFIX}*`, `test:prefixed:${PREFIX}*`]) {
      const keys = await redis.keys(pattern);
      if (keys.length > 0) await redis.del(keys);
    }
    await redis.quit();
  });

  describe.each(CONNECTIONS)('with %s', (_, connect) => {
    let connection: Connection;

    beforeAll(async () => {
      connection = await connect();
    });

    afterAll(async () => {
      await connection.close();
    });

    for (const { name, run } of tokenStoreContract(() => new RedisTokenStore(connection.client, { prefix: PREFIX }))) {
      it(name, run);
    }

    it('reports an error of Redis without the token', async () => {
      const key = freshKey();
      const { keyPrefix = '' } = connection.client instanceof Redis ? connection.client.options : {};
      await redis.set(`${keyPrefix}${redisKey(key, 'token')}`, 'no hash');
      const error = await new RedisTokenStore(connection.client, { prefix: PREFIX }).save(key, TOKEN).catch(caught);
      expect(error).toMatchObject({ message: expect.stringMatching(/^redis: .*WRONGTYPE/) });
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('s3cret');
    });
  });

  const store = new RedisTokenStore(redis, { prefix: PREFIX });

  it('reads a token in one round trip', async () => {
    const key = freshKey();
    await store.save(key, TOKEN);
    const sent: string[] = [];
    const counting = new RedisTokenStore(
      { call: (command, ...args) => (sent.push(command), redis.call(command, ...args)) },
      { prefix: PREFIX },
    );
    expect((await counting.fetch(key))?.token).toEqual(TOKEN);
    expect(sent).toEqual(['HMGET']);
  });

  it('keeps the keys of a token on one node of a Redis cluster with a hash tag', async () => {
    const key = { name: 'a{b', user: '}c:d' };
    await store.save(key, TOKEN);
    await store.lock(key, 1000);
    const keys = await redis.keys(`${PREFIX}{a%7B*`);
    expect(keys).toHaveLength(3);
    expect(new Set(keys.map((name) => /\{(.*?)\}/.exec(name)?.[1]))).toEqual(new Set(['a%7Bb:%7Dc%3Ad']));
  });

  it('keeps a token until it is removed, even if it was saved soon after a removal', async () => {
    const key = freshKey();
    await store.save(key, TOKEN);
    expect(await redis.ttl(redisKey(key, 'token'))).toBe(-1);
    await store.remove(key);
    expect(await redis.ttl(redisKey(key, 'token'))).toBeGreaterThan(3500);
    await store.save(key, TOKEN, null);
    expect(await redis.ttl(redisKey(key, 'token'))).toBe(-1);
  });

  it('saves a refreshed token if Redis restarted empty during the refresh', async () => {
    const key = freshKey();
    const expected = (await store.save(key, TOKEN))!;
    await redis.del(redisKey(key, 'token'));
    expect(await store.fetch(key)).toBeUndefined();
    expect(await store.save(key, { ...TOKEN, accessToken: 'new' }, expected)).toEqual(expect.any(String));
    expect((await store.fetch(key))?.token).toEqual({ ...TOKEN, accessToken: 'new' });
  });

  it('does not save a refreshed token of a user who signed out after Redis restarted empty', async () => {
    const key = freshKey();
    const expected = (await store.save(key, TOKEN))!;
    await redis.del(redisKey(key, 'token'));
    expect(await store.remove(key, expected)).toBe(false);
    expect(await store.remove(key)).toBe(false);
    expect(await store.save(key, TOKEN, expected)).toBeUndefined();
    expect(await store.fetch(key)).toBeUndefined();
  });

  it('reports a lock as lost if Redis restarted empty', async () => {
    const key = freshKey();
    const lock = (await store.lock(key, 60_000))!;
    await redis.del(redisKey(key, 'lock'), redisKey(key, 'intent'));
    expect(await lock.extend(60_000)).toBe(false);
    const next = await store.lock(key, 60_000);
    await lock.release();
    expect(await store.lock(key, 60_000)).toBeUndefined();
    await next?.release();
  });

  it.each([
    ['without an expiry', []],
    ['for a day', ['PX', 86_400_000]],
  ] as const)('releases a lock with an unknown value %s after one lease', async (_, expiry) => {
    const key = freshKey();
    await (redis.set as (...args: unknown[]) => Promise<unknown>)(redisKey(key, 'lock'), 'squatter', ...expiry);
    expect(await store.lock(key, 200)).toBeUndefined();
    const left = await redis.pttl(redisKey(key, 'lock'));
    expect(left).toBeLessThanOrEqual(200);
    await setTimeout(250);
    const lock = await store.lock(key, 60_000);
    expect(lock).toBeDefined();
    await lock?.release();
  });

  it("does not shorten another holder's lease if a shorter lease is requested", async () => {
    const key = freshKey();
    const lock = await store.lock(key, 60_000);
    expect(await store.lock(key, 10_000)).toBeUndefined();
    expect(await redis.pttl(redisKey(key, 'lock'))).toBeGreaterThan(50_000);
    await lock?.release();
    expect(await redis.exists(redisKey(key, 'lock'), redisKey(key, 'intent'))).toBe(0);
  });

  it('does not show the password of the connection', async () => {
    const client = createClient({ url: 'redis://user:s3cret@127.0.0.1:1' });
    const shown = new RedisTokenStore(client);
    expect(inspect(shown, { depth: 20, showHidden: true })).not.toContain('s3cret');
    expect(JSON.stringify(shown)).toBe('{}');
  });
});

describe('a Redis token store', () => {
  it.each([[{}], [{ get: () => undefined }]])('refuses an object that is not a Redis client: %j', (client) => {
    expect(() => new RedisTokenStore(client as unknown as RedisClient)).toThrow(OAuthConfigError);
  });
});

function freshKey(): TokenKey {
  return { name: 'google', user: randomUUID() };
}

function redisKey({ name, user }: TokenKey, what: string): string {
  return `${PREFIX}{${name}:${user}}:${what}`;
}

function caught(error: unknown): unknown {
  return error;
}
