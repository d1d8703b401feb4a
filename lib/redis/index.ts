export type { IORedisClient, NodeRedisClient, RedisClient } from './redis-client.js';
export { RedisTokenStore, type RedisTokenStoreOptions } from './redis-token-store.js';
export { RedisStateStore, type RedisStateStoreOptions } from './redis-state-store.js';
