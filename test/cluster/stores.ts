import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import type { TokenStore } from '../../lib/stores/index.js';
import { describeWithPostgres, describeWithRedis } from '../support/engines.js';
import type { WorkerSettings } from './messages.js';
import { openPostgresStore, openRedisStore } from './token-store.js';

/** A store that the workers and the test share. */
export interface SharedStore {
  store: TokenStore;
  /** The settings with which a worker opens the store. */
  settings: WorkerSettings['store'];
  /** Removes the data and closes the connections. */
  close(): Promise<void>;
}

export type StoreKind = WorkerSettings['store']['kind'];

const STORE_KINDS: StoreKind[] = ['redis', 'postgres'];

/** Opens a store on the server of `REDIS_URL` or `DATABASE_URL`, or on the test's own server at `url`. */
export function openSharedStore(kind: StoreKind, url = urlOf(kind)): Promise<SharedStore> {
  const prefix = `cluster_${randomUUID().replaceAll('-', '')}`;
  return kind === 'redis' ? openRedis(url, prefix) : openPostgres(url, prefix);
}

/** Runs the tests with the tokens in each store. The tests of a store are skipped if its server is missing. */
export function describeEachStore(title: string, tests: (kind: StoreKind) => void): void {
  for (const kind of STORE_KINDS) {
    const describeHere = kind === 'redis' ? describeWithRedis : describeWithPostgres;
    describeHere(`${title} ${kind}`, () => tests(kind));
  }
}

function urlOf(kind: StoreKind): string {
  return (kind === 'redis' ? process.env.REDIS_URL : process.env.DATABASE_URL) ?? '';
}

async function openRedis(url: string, prefix: string): Promise<SharedStore> {
  const { store, client } = await openRedisStore({ url, prefix });
  return {
    store,
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
  const { store, source } = await openPostgresStore({ url, prefix: schema });
  await source.synchronize();
  return {
    store,
    settings: { kind: 'postgres', url, prefix: schema },
    async close() {
      await source.destroy();
      await admin.query(`DROP SCHEMA "${schema}" CASCADE`);
      await admin.destroy();
    },
  };
}
