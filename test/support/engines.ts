import { afterAll, beforeAll, expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { createClient, type RedisClientType } from 'redis';
import { DataSource } from 'typeorm';
import {
  CreateOAuthTokens1764000000000,
  OAuth1TokenEntity,
  OAuth2TokenEntity,
  OAuthTokenLockEntity,
} from 'nestjs-oauth-client/typeorm';
import { describeWhere } from './skips.js';

const { DATABASE_URL, REDIS_URL } = process.env;

/** The reasons why tests are skipped. */
const NEEDS_REDIS = 'a Redis server: set REDIS_URL';
export const NEEDS_POSTGRES = 'a PostgreSQL server: set DATABASE_URL';

/** A `describe` for tests that need Redis. It skips them without `REDIS_URL`, except in CI. */
export const describeWithRedis = describeWhere(REDIS_URL !== undefined, NEEDS_REDIS);

/** A `describe` for tests that need PostgreSQL. It skips them without `DATABASE_URL`, except in CI. */
export const describeWithPostgres = describeWhere(DATABASE_URL !== undefined, NEEDS_POSTGRES);

/** Opens Redis for the tests of this block, and closes it after them. */
export function useRedis(): TestRedis {
  return openedForTests(new TestRedis());
}

/** Opens PostgreSQL for the tests of this block, and closes it after them. */
export function usePostgres(): TestPostgres {
  return openedForTests(new TestPostgres());
}

function openedForTests<Server extends TestRedis | TestPostgres>(server: Server): Server {
  beforeAll(() => server.open());
  afterAll(() => server.close());
  return server;
}

/** The server of `REDIS_URL`, with a key prefix for some tests. */
export class TestRedis {
  readonly url = REDIS_URL ?? '';
  readonly prefix = `test:${randomUUID()}:`;
  readonly client = createClient({ url: this.url }) as RedisClientType;
  readonly #clients: RedisClientType[] = [];

  async open(): Promise<this> {
    expect(REDIS_URL).toBeDefined();
    await this.client.connect();
    return this;
  }

  /** Returns another connection, as of another process. */
  async connect(): Promise<RedisClientType> {
    const client = await this.client.duplicate().connect();
    this.#clients.push(client);
    return client;
  }

  /** Removes the keys with the prefix. */
  async empty(): Promise<void> {
    const keys = await this.client.keys(`${this.prefix}*`);
    if (keys.length > 0) await this.client.del(keys);
  }

  async close(): Promise<void> {
    await this.empty();
    for (const client of [this.client, ...this.#clients]) await client.close();
  }
}

/** The server of `DATABASE_URL`, with a schema for some tests. */
export class TestPostgres {
  readonly url = DATABASE_URL ?? '';
  readonly schema = `test_${randomUUID().replaceAll('-', '')}`;
  /** Queries the schema. */
  readonly pool = new Pool({ connectionString: this.url, options: `-c search_path=${this.schema}` });
  readonly #dataSources: DataSource[] = [];

  async open(): Promise<this> {
    expect(DATABASE_URL).toBeDefined();
    await this.pool.query(`CREATE SCHEMA ${this.schema}`);
    return this;
  }

  /** Returns another connection of TypeORM, as of another process, with the tables of tokens. */
  async connect(options: { entityPrefix?: string } = {}): Promise<DataSource> {
    const dataSource = await new DataSource({
      type: 'postgres',
      url: this.url,
      schema: this.schema,
      entities: [OAuth1TokenEntity, OAuth2TokenEntity, OAuthTokenLockEntity],
      migrations: [CreateOAuthTokens1764000000000],
      migrationsRun: true,
      ...options,
    }).initialize();
    this.#dataSources.push(dataSource);
    return dataSource;
  }

  async close(): Promise<void> {
    for (const dataSource of this.#dataSources) if (dataSource.isInitialized) await dataSource.destroy();
    await this.pool.query(`DROP SCHEMA ${this.schema} CASCADE`);
    await this.pool.end();
  }
}
