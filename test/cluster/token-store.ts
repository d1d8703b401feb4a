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

type Place = Omit<WorkerSettings['store'], 'kind'>;

/** As a worker opens it, and the test too. A server that is away is one of the tests. */
export async function openRedisStore({ url, prefix }: Place): Promise<{ store: TokenStore; client: RedisClientType }> {
  const client: RedisClientType = createClient({ url });
  client.on('error', () => undefined);
  await client.connect();
  return { store: new RedisTokenStore(client, { prefix }), client };
}

/** The same, in the schema of that name. */
export async function openPostgresStore({ url, prefix }: Place): Promise<{ store: TokenStore; source: DataSource }> {
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
