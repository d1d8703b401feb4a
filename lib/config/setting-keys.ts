import { isRecord } from './is-record.js';
import { normalizeHttpOptions } from './http-options.js';
import { SCHEMAS } from './settings-schema.js';
import { snakeCase } from './snake-case.js';

/** Settings with their keys in camelCase and without what is `null` or absent. */
export type Settings = Record<string, unknown>;

export type Protocol = keyof typeof SCHEMAS;

/** A client is one of OAuth 1 exactly when it has a `requestTokenUrl`. */
export function protocolOf({ requestTokenUrl }: Settings): Protocol {
  return requestTokenUrl === undefined ? 'OAuth 2' : 'OAuth 1';
}

/** Whose `{}` holds settings of its own, rather than parameters by their wire names. */
const NESTED = 'clientKwargs';
/** Every key of either protocol, in camelCase. */
export const KNOWN_KEYS: ReadonlySet<string> = new Set(
  Object.values(SCHEMAS).flatMap(({ keys, kwargs }) => [...keys, ...kwargs]),
);
/** The camelCase of every key, however it is written. */
const CAMEL_CASE: ReadonlyMap<string, string> = new Map(
  [...KNOWN_KEYS].flatMap((key) => [
    [key, key],
    [snakeCase(key), key],
  ]),
);

/** Puts the keys into camelCase and leaves out what is `null` or absent; keys that do not exist stay as they are. */
export function normalizeKeys(settings: object): Settings {
  const normalized: [key: string, value: unknown][] = [];
  for (const [key, value] of Object.entries(settings) as [string, unknown][]) {
    if (value === null || value === undefined) continue;
    const name = CAMEL_CASE.get(key) ?? key;
    normalized.push([name, isRecord(value) ? normalizeNested(name, value) : value]);
  }
  return Object.fromEntries(normalized); // an assignment to `__proto__` would not add a key
}

function normalizeNested(name: string, value: Record<string, unknown>): Record<string, unknown> {
  if (name === NESTED) return normalizeKeys(value);
  return name === 'http' ? normalizeHttpOptions(value) : value;
}
