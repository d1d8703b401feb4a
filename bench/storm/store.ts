import type { TokenStore } from 'nestjs-oauth-client/stores';
import { RedisTokenStore } from 'nestjs-oauth-client/redis';
import {
  OAuth1TokenEntity,
  OAuth2TokenEntity,
  OAuthTokenLockEntity,
  TypeOrmTokenStore,
} from 'nestjs-oauth-client/typeorm';
import { createClient } from 'redis';
import { DataSource } from 'typeorm';
import { serverUrl } from '../support/server-url.js';

export type StoreKind = 'redis' | 'postgres';

export interface OpenStore {
  store: TokenStore;
  /** Closes the connection, and removes what `openStore()` created. */
  close(): Promise<void>;
}

/** @param prefix the prefix of the keys in Redis, or the schema in PostgreSQL */
export function openStore(kind: StoreKind, prefix: string, { creates = false } = {}): Promise<OpenStore> {
  return kind === 'redis' ? openRedis(prefix) : openPostgres(prefix, creates);
}

async function openRedis(prefix: string): Promise<OpenStore> {
  const client = createClient({ url: serverUrl('REDIS_URL') });
  await client.connect();
  return {
    store: new RedisTokenStore(client, { prefix }),
    async close() {
      for await (const keys of client.scanIterator({ MATCH: `${prefix}*` }))
        if (keys.length > 0) await client.del(keys);
      client.destroy();
    },
  };
}

async function openPostgres(schema: string, creates: boolean): Promise<OpenStore> {
  const source = await new DataSource({
    type: 'postgres',
    url: serverUrl('DATABASE_URL'),
    schema,
    entities: [OAuth1TokenEntity, OAuth2TokenEntity, OAuthTokenLockEntity],
  }).initialize();
  if (creates) {
    await source.query(`CREATE SCHEMA "${schema}"`);
    await source.synchronize();
  }
  return {
    store: new TypeOrmTokenStore(source),
    async close() {
      if (creates) await source.query(`DROP SCHEMA "${schema}" CASCADE`);
      await source.destroy();
    },
  };
}
