export type { IORedisClient, NodeRedisClient, RedisClient } from './redis-client.js';
