import { randomUUID } from 'node:crypto';
import { createClient } from 'redis';
import { DataSource } from 'typeorm';
import type { TokenStore } from '../../lib/index.js';
import { RedisTokenStore } from '../../lib/redis/index.js';
import {
  OAuth1TokenEntity,
  OAuth2TokenEntity,
  OAuthTokenLockEntity,
  TypeOrmTokenStore,
} from '../../lib/typeorm/index.js';
import type { WorkerSettings } from './messages.js';

/** A store that workers can share, and the test with them. */
export interface SharedStore {
  store: TokenStore;
  /** How a worker finds it. */
  settings: WorkerSettings['store'];
  /** Removes what it holds. */
  close(): Promise<void>;
}

export type StoreKind = WorkerSettings['store']['kind'];

export const STORE_KINDS: StoreKind[] = ['redis', 'postgres'];

/** By `REDIS_URL` and `DATABASE_URL`, unless the test has a server of its own. */
export function openSharedStore(kind: StoreKind, url = urlOf(kind)): Promise<SharedStore> {
  const prefix = `cluster_${randomUUID().replaceAll('-', '')}`;
  return kind === 'redis' ? openRedis(url, prefix) : openPostgres(url, prefix);
}

/** Whether the tests of a kind run; in CI they do, whatever is missing. */
export function runs(kind: StoreKind): boolean {
  return urlOf(kind) !== '' || process.env.CI !== undefined;
}

function urlOf(kind: StoreKind): string {
  return (kind === 'redis' ? process.env.REDIS_URL : process.env.DATABASE_URL) ?? '';
}

async function openRedis(url: string, prefix: string): Promise<SharedStore> {
  const client = createClient({ url });
  client.on('error', () => undefined); // some tests stop the server
  await client.connect();
  return {
    store: new RedisTokenStore(client, { prefix }),
    settings: { kind: 'redis', url, prefix },
    async close() {
      for await (const keys of client.scanIterator({ MATCH: `${prefix}*` }))
        if (keys.length > 0) await client.del(keys);
      client.destroy();
    },
  };
}

async function openPostgres(url: string, schema: string): Promise<SharedStore> {
  const admin = await new DataSource({ type: 'postgres', url }).initialize();
  await admin.query(`CREATE SCHEMA "${schema}"`);
  const source = await postgresSource({ kind: 'postgres', url, prefix: schema }).initialize();
  await source.synchronize();
  return {
    store: new TypeOrmTokenStore(source),
    settings: { kind: 'postgres', url, prefix: schema },
    async close() {
      await source.destroy();
      await admin.query(`DROP SCHEMA "${schema}" CASCADE`);
      await admin.destroy();
    },
  };
}

function postgresSource({ url, prefix }: WorkerSettings['store']): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    schema: prefix,
    entities: [OAuth1TokenEntity, OAuth2TokenEntity, OAuthTokenLockEntity],
    poolErrorHandler: () => undefined,
    extra: { connectionTimeoutMillis: 10_000 },
  });
}
