import {
  CreateOAuthTokens1764000000000,
  OAuth1TokenEntity,
  OAuth2TokenEntity,
  OAuthTokenLockEntity,
} from 'nestjs-oauth-client/typeorm';
import { DataSource } from 'typeorm';

/** The library's tables in PostgreSQL. */
export function tokenDatabase(url: string): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    entityPrefix: 'cluster_',
    entities: [OAuth1TokenEntity, OAuth2TokenEntity, OAuthTokenLockEntity],
    migrations: [CreateOAuthTokens1764000000000],
    migrationsTableName: 'cluster_migrations',
  });
}

/** Makes the tables, unless they are there. */
export async function migrate(url: string): Promise<void> {
  const database = await tokenDatabase(url).initialize();
  await database.runMigrations();
  await database.destroy();
}
