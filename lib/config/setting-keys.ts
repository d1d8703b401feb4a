import { closestMatch } from 'leven';
import { isRecord } from './is-record.js';
import { normalizeHttpOptions } from './http-options.js';
import { SCHEMAS } from './settings-schema.js';

/** Settings with their keys in camelCase and without what is `null` or absent. */
export type Settings = Record<string, unknown>;

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

/** No key is longer, however it is misspelled. */
const LONGEST_KEY = 50;

/** Returns the key that a misspelled one was probably meant to be. */
export function nearestKey(key: string, known: readonly string[]): string | undefined {
  if (key.length > LONGEST_KEY) return undefined;
  return closestMatch(camelCase(key), known, { maxDistance: Math.max(2, Math.floor(key.length / 3)) });
}

export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camelCase(key: string): string {
  return key.includes('_')
    ? key.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    : key;
}
