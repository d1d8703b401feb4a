import type { DataSource, EntityMetadata } from 'typeorm';
import type { TokenKey } from '../token/token-store.js';

/** Columns that are not of the token. */
const OTHER_COLUMNS = ['name', 'userId', 'extra', 'version'];

/** A table of tokens of one kind, as the data source names it: what there is of SQL in it. */
export class TokenTable {
  /** The table, quoted. */
  readonly path: string;
  readonly #metadata: EntityMetadata;
  readonly #quote: (name: string) => string;

  constructor(dataSource: DataSource, entity: new () => object) {
    this.#metadata = dataSource.getMetadata(entity);
    this.#quote = (name) => dataSource.driver.escape(name);
    this.path = quotedPath(dataSource, entity);
  }

  /** All columns, quoted and in the order of {@link values}. */
  get columns(): string[] {
    return this.#metadata.columns.map(({ databaseName }) => this.#quote(databaseName));
  }

  /** What a row holds. Fields of the provider's own are in `extra`; a field that the token lacks is `null`. */
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

  /** The token of a row, which has the names of the database. */
  token(row: Record<string, unknown>): Record<string, unknown> {
    const columns = this.#metadata.columns.filter(({ propertyName }) => !OTHER_COLUMNS.includes(propertyName));
    const fields = columns.map(({ propertyName, databaseName }) => [propertyName, row[databaseName]] as const);
    return { ...(row.extra as object), ...Object.fromEntries(fields.filter(([, value]) => value !== null)) };
  }
}

/** The table of an entity, quoted, with its schema. */
export function quotedPath(dataSource: DataSource, entity: new () => object): string {
  const { tablePath } = dataSource.getMetadata(entity);
  return tablePath
    .split('.')
    .map((part) => dataSource.driver.escape(part))
    .join('.');
}
