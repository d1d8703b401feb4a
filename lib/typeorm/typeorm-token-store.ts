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
  /** The quoted name of the table of locks. */
  locks: string;
}

const ENTITIES = [OAuth1TokenEntity, OAuth2TokenEntity, OAuthTokenLockEntity];

const KEY = '"name" = $1 AND "user_id" = $2';
/** How long after a start of the server locks are not taken over, so that running processes can reconnect and save their tokens. */
const START_GRACE_MS = 3000;
/** The current time. `now()` is the time at which the transaction started, although a statement may have waited for a row lock. */
const NOW = 'clock_timestamp()';

/**
 * Keeps tokens in PostgreSQL, in the tables of {@link OAuth1TokenEntity}, {@link OAuth2TokenEntity} and
 * {@link OAuthTokenLockEntity}. Add these to the entities of the data source. Each method is one statement. Errors do not
 * contain tokens, but TypeORM's query log does.
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
        `TypeOrmTokenStore: works with the database type "postgres" alone, not with "${type}". Pass a data source of PostgreSQL`,
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
    const condition = expected === undefined ? KEY : `${KEY} AND "version" = $3`;
    const removed = await this.#query(
      `WITH one AS (DELETE FROM ${oauth1.path} WHERE ${condition} RETURNING 1),
            two AS (DELETE FROM ${oauth2.path} WHERE ${condition} RETURNING 1)
       SELECT 1 FROM one UNION ALL SELECT 1 FROM two`,
      expected === undefined ? [name, user] : [name, user, expected],
    );
    return removed.length > 0;
  }

  /**
   * Acquires the lock, which is a row. It is not an advisory lock, because an advisory lock would occupy a connection of the pool
   * until the provider responds, and would be lost when the server restarts. A lock whose lease ends later than ten leases from
   * now was not created by this library, and counts as free. Locks are not taken over directly after a start of the server:
   * while it was down, no process could save its token, and a process with an unsaved token must be able to save it first.
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
       WHERE greatest(held."leased_until", pg_postmaster_start_time() + ${interval(START_GRACE_MS)}) <= ${NOW} OR held."leased_until" > ${leasedUntil('10 * $4')}
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

  /** Returns the tables. Must be called after the data source is initialized. */
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

/** Keeps only the message: errors of TypeORM contain the parameters, and errors of PostgreSQL contain the failed row. */
function withoutParameters(error: unknown): never {
  throw new Error(`TypeOrmTokenStore: ${error instanceof Error ? error.message : 'the query failed'}`);
}

/**
 * Replaces any token of a key, and removes the token of the key from the other table, because a key has one token. Only two
 * concurrent logins, with OAuth 1 and with OAuth 2 under one name, can leave a token in both tables, until the next save.
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
  return `${NOW} + ${interval(milliseconds)}`;
}

function interval(milliseconds: string | number): string {
  return `${milliseconds}::float8 * interval '1 millisecond'`;
}
