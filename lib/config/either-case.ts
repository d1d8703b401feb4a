type SnakeCase<Name extends string> = Name extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeCase<Tail>}`
  : Name;

/** An object with keys in camelCase or in snake_case. An optional value may be `null`, which means that it is absent. */
export type EitherCase<T> =
  | { [Key in keyof T]: T[Key] | NullIfOptional<T, Key> }
  | { [Key in keyof T as SnakeCase<Key & string>]: T[Key] | NullIfOptional<T, Key> };
type NullIfOptional<T, Key extends keyof T> = undefined extends T[Key] ? null : never;
