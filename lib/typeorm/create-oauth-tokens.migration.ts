import { Table, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';
import { OAuth1TokenEntity } from './oauth1-token.entity.js';
import { OAuth2TokenEntity } from './oauth2-token.entity.js';
import { OAuthTokenLockEntity } from './oauth-token-lock.entity.js';

const KEY = [
  { name: 'name', type: 'text', isPrimary: true },
  { name: 'user_id', type: 'text', isPrimary: true },
];

const TABLES: [entity: new () => object, columns: TableColumnOptions[]][] = [
  [
    OAuth1TokenEntity,
    [
      ...KEY,
      { name: 'oauth_token', type: 'text' },
      { name: 'oauth_token_secret', type: 'text' },
      { name: 'extra', type: 'json' },
      { name: 'version', type: 'text' },
    ],
  ],
  [
    OAuth2TokenEntity,
    [
      ...KEY,
      { name: 'token_type', type: 'text' },
      { name: 'access_token', type: 'text' },
      { name: 'refresh_token', type: 'text', isNullable: true },
      { name: 'expires_at', type: 'bigint', isNullable: true },
      { name: 'expires_in', type: 'bigint', isNullable: true },
      { name: 'scope', type: 'text', isNullable: true },
      { name: 'id_token', type: 'text', isNullable: true },
      { name: 'resource', type: 'json', isNullable: true },
      { name: 'dpop_key', type: 'json', isNullable: true },
      { name: 'extra', type: 'json' },
      { name: 'version', type: 'text' },
    ],
  ],
  [
    OAuthTokenLockEntity,
    [
      ...KEY,
      { name: 'holder', type: 'text' },
      { name: 'leased_until', type: 'timestamptz' },
      { name: 'interrupted', type: 'boolean' },
    ],
  ],
];

/** Creates the tables of `TypeOrmTokenStore`, with the table names and the schema that the data source uses for the entities. */
export class CreateOAuthTokens1764000000000 implements MigrationInterface {
  readonly name = 'CreateOAuthTokens1764000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [entity, columns] of TABLES) {
      await queryRunner.createTable(new Table({ name: pathOf(queryRunner, entity), columns }));
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const [entity] of TABLES) await queryRunner.dropTable(pathOf(queryRunner, entity));
  }
}

function pathOf(queryRunner: QueryRunner, entity: new () => object): string {
  return queryRunner.manager.getRepository(entity).metadata.tablePath;
}
