import type { RedisClientType } from 'redis';
import type { DataSource } from 'typeorm';
import type { TokenStore } from '../../lib/stores/index.js';
import type { WorkerSettings } from './messages.js';

type StoreLocation = Omit<WorkerSettings['store'], 'kind'>;

/**
 * Opens the store in a worker or in the test. Connection errors are ignored, because some tests stop the server. A worker
 * starts faster if it loads only one of the two databases.
 */
export async function openRedisStore({
  url,
  prefix,
}: StoreLocation): Promise<{ store: TokenStore; client: RedisClientType }> {
  const [{ createClient }, { RedisTokenStore }] = await Promise.all([
    import('redis'),
    import('../../lib/redis/index.js'),
  ]);
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
  const [{ DataSource }, { OAuth1TokenEntity, OAuth2TokenEntity, OAuthTokenLockEntity, TypeOrmTokenStore }] =
    await Promise.all([import('typeorm'), import('../../lib/typeorm/index.js')]);
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
