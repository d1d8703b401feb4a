import type { DataSource, EntityMetadata } from 'typeorm';
import type { TokenKey } from '../token/token-store.js';

/** Columns that are not fields of the token. */
const OTHER_COLUMNS = ['name', 'userId', 'extra', 'version'];

/** The table of OAuth 1 or OAuth 2 tokens: its SQL names, and the conversion between tokens and rows. */
export class TokenTable {
  /** The quoted name of the table. */
  readonly path: string;
  readonly #metadata: EntityMetadata;
  readonly #quote: (name: string) => string;

  constructor(dataSource: DataSource, entity: new () => object) {
    this.#metadata = dataSource.getMetadata(entity);
    this.#quote = (name) => dataSource.driver.escape(name);
    this.path = quotedPath(dataSource, entity);
  }

  /** The quoted names of all columns, in the order of {@link values}. */
  get columns(): string[] {
    return this.#metadata.columns.map(({ databaseName }) => this.#quote(databaseName));
  }

  /** Returns the values of a row. Fields without a column are in `extra`. A field that the token lacks is `null`. */
  values({ name, user }: TokenKey, token: Record<string, unknown>, version: string): unknown[] {
    const fields = this.#metadata.columns.map(({ propertyName }) => propertyName);
    const isOther = (field: string) => OTHER_COLUMNS.includes(field) || !fields.includes(field);
    const extra = Object.fromEntries(Object.entries(token).filter(([field]) => isOther(field)));
    const row: Record<string, unknown> = { ...token, name, userId: user, extra, version };
    return this.#metadata.columns.map(({ propertyName, type }) => {
      const value = row[propertyName] ?? null;
      return type === 'json' && value !== null ? JSON.stringify(value) : value;
    });
  }

  /** Returns the token of a row, whose keys are the column names of the database. */
  token(row: Record<string, unknown>): Record<string, unknown> {
    const columns = this.#metadata.columns.filter(({ propertyName }) => !OTHER_COLUMNS.includes(propertyName));
    const fields = columns.map(({ propertyName, databaseName }) => [propertyName, row[databaseName]] as const);
    return { ...(row.extra as object), ...Object.fromEntries(fields.filter(([, value]) => value !== null)) };
  }
}

/** Returns the quoted table name of an entity, with its schema. */
export function quotedPath(dataSource: DataSource, entity: new () => object): string {
  const { tablePath } = dataSource.getMetadata(entity);
  return tablePath
    .split('.')
    .map((part) => dataSource.driver.escape(part))
    .join('.');
}
