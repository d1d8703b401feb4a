import { isRecord } from './is-record.js';
import { normalizeHttpOptions } from './http-options.js';
import { NESTED_KEYS, SCHEMAS } from './settings-schema.js';
import { snakeCase } from './snake-case.js';

/** Settings with keys in camelCase, without absent and `null` values. */
export type Settings = Record<string, unknown>;

export type Protocol = keyof typeof SCHEMAS;

/** Returns the protocol of a client. A client with a `requestTokenUrl` uses OAuth 1, any other client OAuth 2. */
export function protocolOf({ requestTokenUrl }: Settings): Protocol {
  return requestTokenUrl === undefined ? 'OAuth 2' : 'OAuth 1';
}

/** The keys of both protocols and of nested settings, in camelCase. */
export const KNOWN_KEYS: ReadonlySet<string> = new Set([
  ...Object.values(SCHEMAS).flatMap(({ keys }) => keys),
  ...[...NESTED_KEYS.values()].flat(),
]);
/** The camelCase of each key, by its camelCase and its snake_case. */
const CAMEL_CASE: ReadonlyMap<string, string> = new Map(
  [...KNOWN_KEYS].flatMap((key) => [
    [key, key],
    [snakeCase(key), key],
  ]),
);

/** Returns the settings with keys in camelCase, without absent and `null` values. Keeps unknown keys unchanged. */
export function normalizeKeys(settings: object): Settings {
  return renamed(settings, normalizeNested);
}

/** @param readObject converts the values that are objects */
function renamed(settings: object, readObject: (name: string, value: Settings) => Settings): Settings {
  const normalized: [key: string, value: unknown][] = [];
  for (const [key, value] of Object.entries(settings) as [string, unknown][]) {
    if (value === null || value === undefined) continue;
    const name = CAMEL_CASE.get(key) ?? key;
    normalized.push([name, isRecord(value) ? readObject(name, value) : value]);
  }
  return Object.fromEntries(normalized); // an assignment to `__proto__` would not add a key
}

function normalizeNested(name: string, value: Settings): Settings {
  if (NESTED_KEYS.has(name)) return renamed(value, (_, inner) => inner); // other objects contain parameters with their wire names
  return name === 'http' ? normalizeHttpOptions(value) : value;
}
