import {
  CreateOAuthTokens1764000000000,
  OAuth1TokenEntity,
  OAuth2TokenEntity,
  OAuthTokenLockEntity,
} from 'nestjs-oauth-client/typeorm';
import { DataSource } from 'typeorm';

/** Returns a data source with the library's tables in PostgreSQL. */
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

/** Creates the tables if they do not exist. */
export async function migrate(url: string): Promise<void> {
  const database = await tokenDatabase(url).initialize();
  await database.runMigrations();
  await database.destroy();
}
