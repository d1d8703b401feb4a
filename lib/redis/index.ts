export type { IORedisClient, NodeRedisClient, RedisClient } from './redis-client.js';
export { RedisStateStore, type RedisStateStoreOptions } from './redis-state-store.js';
