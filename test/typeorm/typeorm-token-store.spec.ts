import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { OAuthConfigError } from 'nestjs-oauth-client';
import type { TokenKey, TokenStore } from 'nestjs-oauth-client/stores';
import { tokenStoreContract } from 'nestjs-oauth-client/testing';
import {
  CreateOAuthTokens1764000000000,
  OAuth1TokenEntity,
  OAuth2TokenEntity,
  OAuthTokenLockEntity,
  TypeOrmTokenStore,
} from 'nestjs-oauth-client/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { PGliteDriver } from 'typeorm-pglite';
import { NEEDS_POSTGRES, TestPostgres } from '../support/engines.js';
import { itWhere } from '../support/skips.js';

const { DATABASE_URL, CI } = process.env;
const runs = DATABASE_URL !== undefined || CI !== undefined; // in CI a missing server is a failure
const postgres = new TestPostgres();
const TOKEN = { accessToken: 's3cret-access', tokenType: 'bearer', refreshToken: 's3cret-refresh' };
const OAUTH1_TOKEN = { oauthToken: 't', oauthTokenSecret: 's3cret' };

const WITH_TABLES = {
  type: 'postgres',
  entities: [OAuth1TokenEntity, OAuth2TokenEntity, OAuthTokenLockEntity],
  migrations: [CreateOAuthTokens1764000000000],
  migrationsRun: true,
} as const satisfies DataSourceOptions;

async function withSchema(): Promise<DataSource> {
  return (await postgres.open()).connect({ entityPrefix: 'app_' });
}

/** PGlite has one connection with a listener for each pending query. Node would report a leak for more than ten. */
async function embedded(): Promise<DataSource> {
  const database = await new DataSource({ ...WITH_TABLES, driver: new PGliteDriver({}).driver }).initialize();
  const { master } = database.driver as unknown as { master: EventEmitter };
  master.setMaxListeners(0);
  return database;
}

const DATABASES: [string, boolean, () => Promise<DataSource>][] = [
  ['a PostgreSQL server', runs, withSchema],
  ['PGlite', true, embedded],
];

describe.each(DATABASES)('a token store on %s', (where, runs, connect) => {
  const its = itWhere(runs, NEEDS_POSTGRES);
  let database: DataSource;
  let store: TokenStore;

  beforeAll(async () => {
    if (!runs) return;
    database = await connect();
    store = new TypeOrmTokenStore(database);
  });

  afterAll(async () => {
    if (!runs) return;
    await (where === 'a PostgreSQL server' ? postgres.close() : database.destroy());
  });

  for (const { name, run } of tokenStoreContract(() => store)) its(name, run);

  its('has a migration whose tables match the entities', async () => {
    const { upQueries } = await database.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  its('saves a token in columns that a repository reads', async () => {
    const key = freshKey();
    const dpopKey = { kty: 'EC', d: 's3cret' };
    const resource = ['https://api.test/'];
    const token = { ...TOKEN, expiresAt: 4_102_444_800, scope: 'a b', idToken: 'i', resource, dpopKey, team_id: 'T' };
    const version = await store.save(key, token);
    const row = await database.getRepository(OAuth2TokenEntity).findOneByOrFail({ userId: key.user });
    expect(row).toMatchObject({
      name: key.name,
      userId: key.user,
      accessToken: 's3cret-access',
      tokenType: 'bearer',
      refreshToken: 's3cret-refresh',
      expiresAt: 4_102_444_800,
      expiresIn: null,
      scope: 'a b',
      idToken: 'i',
      resource,
      dpopKey,
      extra: { team_id: 'T' },
      version,
    });
  });

  its('keeps one token for each user, with OAuth 1 or OAuth 2', async () => {
    const key = freshKey();
    const where = { userId: key.user };
    const count = (entity: new () => { userId: string }) => database.getRepository(entity).countBy(where);
    const version = await store.save(key, TOKEN);
    expect([await count(OAuth1TokenEntity), await count(OAuth2TokenEntity)]).toEqual([0, 1]);
    expect(await store.save(key, OAUTH1_TOKEN, version)).toEqual(expect.any(String));
    expect([await count(OAuth1TokenEntity), await count(OAuth2TokenEntity)]).toEqual([1, 0]);
    await store.save(key, TOKEN);
    expect([await count(OAuth1TokenEntity), await count(OAuth2TokenEntity)]).toEqual([0, 1]);
  });

  its('saves strings that jsonb would refuse', async () => {
    const key = freshKey();
    await store.save(key, { ...TOKEN, motto: 'a\u0000b\ud800' });
    expect((await store.fetch(key))?.token).toEqual({ ...TOKEN, motto: 'a\u0000b\ud800' });
  });

  its('does not show the token if the database fails', async () => {
    const key = freshKey();
    const failures = [
      store.save(key, { ...TOKEN, tokenType: null as unknown as string }).catch(caught),
      store.save(key, { ...TOKEN, accessToken: 's3cret \u0000' }).catch(caught),
    ];
    for (const error of await Promise.all(failures)) {
      expect(error).toMatchObject({ message: expect.stringMatching(/^TypeOrmTokenStore: ./) });
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('s3cret');
    }
  });

  its('releases a lock that an unknown value holds for a day', async () => {
    const key = freshKey();
    const rows = database.getRepository(OAuthTokenLockEntity);
    const leasedUntil = new Date(Date.now() + 86_400_000);
    await rows.insert({ name: key.name, userId: key.user, holder: 'squatter', leasedUntil, interrupted: false });
    const lock = await store.lock?.(key, 10_000);
    expect(lock?.interrupted).toBe(true);
    expect(await store.lock?.(key, 10_000)).toBeUndefined();
    await lock?.release();
    expect(await rows.countBy({ userId: key.user })).toBe(0);
  });

  its('does not show the connection', () => {
    expect(inspect(store, { depth: 20, showHidden: true })).toBe('TypeOrmTokenStore {}');
    expect(JSON.stringify(store)).toBe('{}');
  });

  its('has a migration that removes its tables', async () => {
    await database.undoLastMigration();
    const { upQueries } = await database.driver.createSchemaBuilder().log();
    expect(upQueries.filter(({ query }) => query.startsWith('CREATE TABLE'))).toHaveLength(3);
  });
});

describe('a token store on PostgreSQL', () => {
  it('throws OAuthConfigError on another database', () => {
    const database = new DataSource({ type: 'cockroachdb', timeTravelQueries: false });
    expect(() => new TypeOrmTokenStore(database)).toThrow(OAuthConfigError);
    expect(() => new TypeOrmTokenStore(database)).toThrow(/"postgres" alone, not with "cockroachdb"/);
  });

  it('throws without its entities when the data source is initialized', async () => {
    const database = new DataSource({
      type: 'postgres',
      entities: [OAuth1TokenEntity],
      driver: new PGliteDriver({}).driver,
    });
    const early = new TypeOrmTokenStore(database);
    await database.initialize();
    try {
      const expected = /add to the entities of the data source: OAuth2TokenEntity, OAuthTokenLockEntity/;
      expect(() => new TypeOrmTokenStore(database)).toThrow(expected);
      await expect(early.fetch(freshKey())).rejects.toThrow(expected);
    } finally {
      await database.destroy();
    }
  });
});

function freshKey(): TokenKey {
  return { name: 'google', user: randomUUID() };
}

function caught(error: unknown): unknown {
  return error;
}
