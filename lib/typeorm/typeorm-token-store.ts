import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { tokenKey } from '../token/token-key.js';
import type { TokenKey, TokenLock, TokenStore, VersionedToken } from '../token/token-store.js';
import type { OAuth1Token, OAuth2Token, StoredToken } from '../token/token.js';
import { OAuth1TokenEntity } from './oauth1-token.entity.js';
import { OAuth2TokenEntity } from './oauth2-token.entity.js';
import { OAuthTokenLockEntity } from './oauth-token-lock.entity.js';
import { quotedPath, TokenTable } from './token-table.js';

type Row = Record<string, unknown>;

interface Tables {
  oauth1: TokenTable;
  oauth2: TokenTable;
  /** Quoted. */
  locks: string;
}

const ENTITIES = [OAuth1TokenEntity, OAuth2TokenEntity, OAuthTokenLockEntity];

const KEY = '"name" = $1 AND "user_id" = $2';
/** Milliseconds in which a process that lives has found a server again, and saved. */
const AFTER_START = 3000;
/** The clock that moves on within a statement, which may have waited for another. */
const NOW = 'clock_timestamp()';

/**
 * Keeps the tokens in PostgreSQL, in the tables of {@link OAuth1TokenEntity}, {@link OAuth2TokenEntity} and
 * {@link OAuthTokenLockEntity}, which the data source must have among its entities. Each method is one statement. The errors
 * hold no token; TypeORM's log of queries does.
 */
export class TypeOrmTokenStore implements TokenStore {
  readonly #dataSource: DataSource;
  #tables?: Tables;

  /** @throws {OAuthConfigError} when the database is not PostgreSQL, or the data source lacks the entities */
  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
    const { type } = dataSource.options;
    if (type !== 'postgres') {
      throw new OAuthConfigError([
        `TypeOrmTokenStore: works with the database type "postgres" alone, not with "${type}"`,
      ]);
    }
    if (dataSource.isInitialized) this.#open();
  }

  async fetch(key: TokenKey): Promise<VersionedToken | undefined> {
    const { name, user } = tokenKey(key.name, key.user);
    const { oauth1, oauth2 } = this.#open();
    const [found] = await this.#query(
      `SELECT 2 AS kind, to_json(t) AS held FROM ${oauth2.path} t WHERE ${KEY}
       UNION ALL SELECT 1, to_json(t) FROM ${oauth1.path} t WHERE ${KEY}`,
      [name, user],
    );
    if (!found) return undefined;
    const held = found.held as Row;
    const table = found.kind === 1 ? oauth1 : oauth2;
    return { token: table.token(held) as StoredToken, version: String(held.version) };
  }

  async save(key: TokenKey, token: OAuth1Token | OAuth2Token, expected?: string | null): Promise<string | undefined> {
    const { oauth1, oauth2 } = this.#open();
    const [table, other] = 'oauthToken' in token ? [oauth1, oauth2] : [oauth2, oauth1];
    const version = randomUUID();
    const values = table.values(tokenKey(key.name, key.user), token, version);
    const saved = await (expected === undefined
      ? this.#query(saveOver(table, other), values)
      : expected === null
        ? this.#query(saveFirst(table, other), values)
        : this.#query(replace(table, other), [...values, expected]));
    return saved.length > 0 ? version : undefined;
  }

  async remove(key: TokenKey, expected?: string): Promise<boolean> {
    const { name, user } = tokenKey(key.name, key.user);
    const { oauth1, oauth2 } = this.#open();
    const which = expected === undefined ? KEY : `${KEY} AND "version" = $3`;
    const removed = await this.#query(
      `WITH one AS (DELETE FROM ${oauth1.path} WHERE ${which} RETURNING 1),
            two AS (DELETE FROM ${oauth2.path} WHERE ${which} RETURNING 1)
       SELECT 1 FROM one UNION ALL SELECT 1 FROM two`,
      expected === undefined ? [name, user] : [name, user, expected],
    );
    return removed.length > 0;
  }

  /**
   * A row, taken by one statement under PostgreSQL's own lock of it. An advisory lock would hold a connection of the pool for
   * as long as the provider takes to answer, and vanish when the server restarts. A lease that no holder can have asked for,
   * more than ten of them ahead, is not ours, and free. While the server was down nobody could save, so that for a while
   * after its start no lock is taken over: who has a new token unsaved comes first.
   */
  async lock(key: TokenKey, lease: number): Promise<TokenLock | undefined> {
    const { name, user } = tokenKey(key.name, key.user);
    const { locks } = this.#open();
    const holder = randomUUID();
    const [row] = await this.#query(
      `INSERT INTO ${locks} AS held ("name", "user_id", "holder", "leased_until", "interrupted")
       VALUES ($1, $2, $3, ${leasedUntil('$4')}, false)
       ON CONFLICT ("name", "user_id") DO UPDATE
       SET "holder" = excluded."holder", "leased_until" = ${leasedUntil('$4')}, "interrupted" = true
       WHERE greatest(held."leased_until", pg_postmaster_start_time() + ${lasting(AFTER_START)}) <= ${NOW} OR held."leased_until" > ${leasedUntil('10 * $4')}
       RETURNING "interrupted"`,
      [name, user, holder, lease],
    );
    if (!row) return undefined;
    return {
      interrupted: row.interrupted === true,
      extend: async (lease) => {
        const extended = await this.#query(
          `WITH extended AS (
             UPDATE ${locks} SET "leased_until" = ${leasedUntil('$4')}
             WHERE ${KEY} AND "holder" = $3 AND "leased_until" > ${NOW} RETURNING 1
           ) SELECT 1 FROM extended`,
          [name, user, holder, lease],
        );
        return extended.length > 0;
      },
      release: async () => {
        await this.#query(`DELETE FROM ${locks} WHERE ${KEY} AND "holder" = $3`, [name, user, holder]);
      },
    };
  }

  /** Found once, by the time that the data source is initialized. */
  #open(): Tables {
    return (this.#tables ??= this.#findTables());
  }

  #findTables(): Tables {
    const dataSource = this.#dataSource;
    const missing = ENTITIES.filter((entity) => !dataSource.hasMetadata(entity)).map(({ name }) => name);
    if (missing.length > 0) {
      throw new OAuthConfigError([`TypeOrmTokenStore: add to the entities of the data source: ${missing.join(', ')}`]);
    }
    return {
      oauth1: new TokenTable(dataSource, OAuth1TokenEntity),
      oauth2: new TokenTable(dataSource, OAuth2TokenEntity),
      locks: quotedPath(dataSource, OAuthTokenLockEntity),
    };
  }

  #query(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.#dataSource.query<Row[]>(sql, parameters).catch(withoutParameters);
  }
}

/** TypeORM's errors have the parameters in them, and PostgreSQL's the row that failed; the message has neither. */
function withoutParameters(error: unknown): never {
  throw new Error(`TypeOrmTokenStore: ${error instanceof Error ? error.message : 'the query failed'}`);
}

/**
 * A key has one token, of either kind: what the other table has of it goes. Only two logins at the same moment, by OAuth 1 and
 * by OAuth 2 under one name, could leave one in both; the next save ends that.
 */
function saveOver(table: TokenTable, other: TokenTable): string {
  return `WITH replaced AS (DELETE FROM ${other.path} WHERE ${KEY})
    INSERT INTO ${table.path} (${table.columns.join()}) VALUES (${parametersOf(table).join()})
    ${overwrite(table)} RETURNING 1`;
}

function saveFirst(table: TokenTable, other: TokenTable): string {
  return `INSERT INTO ${table.path} (${table.columns.join()})
    SELECT ${parametersOf(table).join()} WHERE NOT EXISTS (SELECT 1 FROM ${other.path} WHERE ${KEY})
    ON CONFLICT ("name", "user_id") DO NOTHING RETURNING 1`;
}

function replace(table: TokenTable, other: TokenTable): string {
  const parameters = parametersOf(table);
  const expected = `${KEY} AND "version" = $${parameters.length + 1}`;
  return `WITH updated AS (
      UPDATE ${table.path} SET (${table.columns.join()}) = ROW(${parameters.join()}) WHERE ${expected} RETURNING 1
    ), replaced AS (
      DELETE FROM ${other.path} WHERE ${expected} RETURNING 1
    ), inserted AS (
      INSERT INTO ${table.path} (${table.columns.join()})
      SELECT ${parameters.join()} FROM replaced ${overwrite(table)} RETURNING 1
    )
    SELECT 1 FROM updated UNION ALL SELECT 1 FROM inserted`;
}

function overwrite(table: TokenTable): string {
  const assignments = table.columns.map((column) => `${column} = excluded.${column}`);
  return `ON CONFLICT ("name", "user_id") DO UPDATE SET ${assignments.join()}`;
}

function parametersOf(table: TokenTable): string[] {
  return table.columns.map((_, index) => `$${index + 1}`);
}

function leasedUntil(milliseconds: string): string {
  return `${NOW} + ${lasting(milliseconds)}`;
}

function lasting(milliseconds: string | number): string {
  return `${milliseconds}::float8 * interval '1 millisecond'`;
}
