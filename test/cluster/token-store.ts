import { createClient, type RedisClientType } from 'redis';
import { DataSource } from 'typeorm';
import type { TokenStore } from '../../lib/stores/index.js';
import { RedisTokenStore } from '../../lib/redis/index.js';
import {
  OAuth1TokenEntity,
  OAuth2TokenEntity,
  OAuthTokenLockEntity,
  TypeOrmTokenStore,
} from '../../lib/typeorm/index.js';
import type { WorkerSettings } from './messages.js';

type StoreLocation = Omit<WorkerSettings['store'], 'kind'>;

/** Opens the store in a worker or in the test. Connection errors are ignored, because some tests stop the server. */
export async function openRedisStore({
  url,
  prefix,
}: StoreLocation): Promise<{ store: TokenStore; client: RedisClientType }> {
  const client: RedisClientType = createClient({ url });
  client.on('error', () => undefined);
  await client.connect();
  return { store: new RedisTokenStore(client, { prefix }), client };
}

/** Opens the store in the schema `prefix`. Connection errors are ignored here, too. */
export async function openPostgresStore({
  url,
  prefix,
}: StoreLocation): Promise<{ store: TokenStore; source: DataSource }> {
  const source = await new DataSource({
    type: 'postgres',
    url,
    schema: prefix,
    entities: [OAuth1TokenEntity, OAuth2TokenEntity, OAuthTokenLockEntity],
    poolErrorHandler: () => undefined,
    extra: { connectionTimeoutMillis: 10_000 },
  }).initialize();
  return { store: new TypeOrmTokenStore(source), source };
}
