import { randomBytes } from 'node:crypto';
import { describe } from '@jest/globals';
import { EncryptedTokenStore, type TokenStore } from 'nestjs-oauth-client/stores';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { describeWithPostgres, describeWithRedis } from './engines.js';
import { openEngine, type EngineName } from './shared-engine.js';

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

async function openOn(name: EngineName): Promise<OpenStore> {
  const engine = await openEngine(name);
  return { store: await engine.tokens(), close: () => engine.close() };
}

function encrypted({ store, close }: OpenStore): OpenStore {
  return { store: new EncryptedTokenStore(store, randomBytes(32).toString('base64')), close };
}
