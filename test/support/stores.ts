import { describe } from '@jest/globals';
import PgStore from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import session, { type Store } from 'express-session';
import { randomBytes } from 'node:crypto';
import { EncryptedTokenStore, type TokenStore } from 'nestjs-oauth-client/stores';
import { RedisTokenStore } from 'nestjs-oauth-client/redis';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { TypeOrmTokenStore } from 'nestjs-oauth-client/typeorm';
import { describeWithPostgres, describeWithRedis, TestPostgres, TestRedis } from './engines.js';

export type EngineName = 'Redis' | 'PostgreSQL';

/** A server that several apps share. Each store has its own connection, like a store in another process. */
export interface SharedEngine {
  sessions(): Promise<Store>;
  tokens(): Promise<TokenStore>;
  /** Removes what the stores hold. */
  close(): Promise<void>;
}

export function openEngine(name: EngineName): Promise<SharedEngine> {
  return name === 'Redis' ? openRedis() : openPostgres();
}

/** A store and the function that closes it. */
export interface OpenStore {
  store: TokenStore;
  close(): Promise<void>;
}

/** The stores of the library: name, a `describe` that skips if the server is missing, and a function that opens one. */
export const TOKEN_STORES: [name: string, run: typeof describeWithRedis, open: () => Promise<OpenStore>][] = [
  ['memory', describe, async () => ({ store: new MemoryTokenStore(), close: async () => {} })],
  ['Redis', describeWithRedis, () => openOn('Redis')],
  ['PostgreSQL', describeWithPostgres, () => openOn('PostgreSQL')],
  ['an encrypted store on PostgreSQL', describeWithPostgres, async () => encrypted(await openOn('PostgreSQL'))],
];

async function openRedis(): Promise<SharedEngine> {
  const redis = await new TestRedis().open();
  return {
    sessions: async () => new RedisStore({ client: await redis.connect(), prefix: `${redis.prefix}session:` }),
    tokens: async () => new RedisTokenStore(await redis.connect(), redis),
    close: () => redis.close(),
  };
}

async function openPostgres(): Promise<SharedEngine> {
  const postgres = await new TestPostgres().open();
  const sessions: { close(): unknown }[] = [];
  return {
    sessions: async () => {
      const { url: conString, schema: schemaName } = postgres;
      const store = new (PgStore(session))({ conString, schemaName, createTableIfMissing: true });
      sessions.push(store);
      return store;
    },
    tokens: async () => new TypeOrmTokenStore(await postgres.connect()),
    close: async () => {
      for (const store of sessions) await store.close();
      await postgres.close();
    },
  };
}

async function openOn(name: EngineName): Promise<OpenStore> {
  const engine = await openEngine(name);
  return { store: await engine.tokens(), close: () => engine.close() };
}

function encrypted({ store, close }: OpenStore): OpenStore {
  return { store: new EncryptedTokenStore(store, randomBytes(32).toString('base64')), close };
}
