import { expect } from '@jest/globals';
import PgStore from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import session, { type Store } from 'express-session';
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { TokenStore } from 'nestjs-oauth-client/stores';
import { RedisTokenStore } from 'nestjs-oauth-client/redis';
import {
  CreateOAuthTokens1764000000000,
  OAuth1TokenEntity,
  OAuth2TokenEntity,
  OAuthTokenLockEntity,
  TypeOrmTokenStore,
} from 'nestjs-oauth-client/typeorm';
import { connectRedis } from './engines.js';

export type EngineName = 'Redis' | 'PostgreSQL';

/** A server that several apps share. Each store has its own connection, as in separate processes. */
export interface SharedEngine {
  sessions(): Promise<Store>;
  tokens(): Promise<TokenStore>;
  /** Removes the data and closes the connections. */
  close(): Promise<void>;
}

export function openEngine(name: EngineName): Promise<SharedEngine> {
  return name === 'Redis' ? openRedis() : openPostgres();
}

async function openRedis(): Promise<SharedEngine> {
  const prefix = `test:${randomUUID()}:`;
  const own = await connectRedis();
  const clients = [own];
  const connect = async () => {
    const client = await connectRedis();
    clients.push(client);
    return client;
  };
  return {
    sessions: async () => new RedisStore({ client: await connect(), prefix: `${prefix}session:` }),
    tokens: async () => new RedisTokenStore(await connect(), { prefix }),
    close: async () => {
      const keys = await own.keys(`${prefix}*`);
      if (keys.length > 0) await own.del(keys);
      for (const client of clients) await client.close();
    },
  };
}

async function openPostgres(): Promise<SharedEngine> {
  const url = process.env.DATABASE_URL;
  expect(url).toBeDefined();
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  const connect = (): DataSource =>
    new DataSource({
      type: 'postgres',
      url,
      schema,
      entities: [OAuth1TokenEntity, OAuth2TokenEntity, OAuthTokenLockEntity],
      migrations: [CreateOAuthTokens1764000000000],
    });
  const pool = new Pool({ connectionString: url });
  await pool.query(`CREATE SCHEMA ${schema}`);
  const own = await connect().initialize();
  await own.runMigrations();
  const dataSources = [own];
  const stores: { close(): unknown }[] = [];
  return {
    sessions: async () => {
      const store = new (PgStore(session))({ conString: url, schemaName: schema, createTableIfMissing: true });
      stores.push(store);
      return store;
    },
    tokens: async () => {
      const dataSource = await connect().initialize();
      dataSources.push(dataSource);
      return new TypeOrmTokenStore(dataSource);
    },
    close: async () => {
      for (const store of stores) await store.close();
      for (const dataSource of dataSources) await dataSource.destroy();
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
      await pool.end();
    },
  };
}
