import type { z } from 'zod';
import { fieldsOf } from '../common/fields-of.js';
import { escaped } from './escaped-text.js';
import { HTTP_KEYS, httpKey } from './http-options.js';
import { nearestKey } from './nearest-key.js';
import { KNOWN_KEYS, type Protocol, type Settings } from './setting-keys.js';
import { NESTED_KEYS, SCHEMAS } from './settings-schema.js';
import { snakeCase } from './snake-case.js';

/** Maximum number of unknown keys that are compared with the known keys. */
const MAX_COMPARED = 20;
/** Maximum number of characters of a key in an error. */
const MAX_SHOWN_KEY = 50;

/** Returns a fault for each issue of the schema. A fault begins with the key. */
export function schemaFaults(issues: readonly z.core.$ZodIssue[], settings: Settings, protocol: Protocol): string[] {
  return issues.flatMap((issue) => describe(issue, settings, protocol));
}

function describe(issue: z.core.$ZodIssue, settings: Settings, protocol: Protocol): string[] {
  const path = issue.path.map((key, depth) => shown(String(key), isSettingKey(issue.path, depth)));
  if (issue.code === 'unrecognized_keys' && issue.path[0] === 'http') {
    return issue.keys.map((key) => `http.${escaped(key, MAX_SHOWN_KEY)}: ${unknownKey(key, HTTP_KEYS, httpKey)}`);
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key, index) => {
      const why = index < MAX_COMPARED ? describeUnknownKey(key, issue.path, protocol) : 'unknown key';
      return `${[...path, shown(key, KNOWN_KEYS.has(key))].join('.')}: ${why}`;
    });
  }
  return [`${path.join('.')}: ${isMissing(issue.path, settings) ? missing(issue) : issue.message}`];
}

function isMissing(path: readonly PropertyKey[], settings: Settings): boolean {
  const value = path.reduce<unknown>((outer, key) => fieldsOf(outer)[String(key)], settings);
  return path.length > 0 && value === undefined;
}

/** Says what is missing in a setting. Settings at the top level have no expectation, because their names say enough. */
function missing({ path, message }: z.core.$ZodIssue): string {
  if (path.length === 1) return 'missing';
  return message.startsWith('missing') ? message : `missing; ${message}`;
}

/** Returns a key for an error, escaped and shortened: the key of a setting in snake_case, any other key unchanged. */
function shown(key: string, isSetting: boolean): string {
  return escaped(isSetting ? snakeCase(key) : key, MAX_SHOWN_KEY);
}

/** Returns whether a key in a path is the key of a setting. Keys below `*_params` are parameters of the provider. */
function isSettingKey(path: readonly PropertyKey[], depth: number): boolean {
  return depth === 0 || (depth === 1 && (path[0] === 'http' || NESTED_KEYS.has(String(path[0]))));
}

function describeUnknownKey(key: string, path: readonly PropertyKey[], protocol: Protocol): string {
  const [outer] = path;
  if (outer !== undefined && outer !== 'clientKwargs') {
    const known = path.length === 1 ? NESTED_KEYS.get(String(outer)) : undefined;
    return unknownKey(key, known ?? [], snakeCase);
  }
  const nested = outer !== undefined;
  const other = protocol === 'OAuth 1' ? 'OAuth 2' : 'OAuth 1';
  if (keysAt(nested, other).includes(key)) {
    const has = protocol === 'OAuth 1' ? 'has a' : 'has no';
    return `belongs to ${other}; this client is ${protocol}, since it ${has} request_token_url`;
  }
  if (keysAt(!nested, protocol).includes(key))
    return nested ? 'belongs beside client_kwargs' : 'belongs in client_kwargs';
  return unknownKey(key, keysAt(nested, protocol), snakeCase);
}

function unknownKey(key: string, known: readonly string[], written: (key: string) => string): string {
  const nearest = nearestKey(key, known);
  return nearest ? `unknown key; did you mean ${written(nearest)}?` : 'unknown key';
}

function keysAt(nested: boolean, protocol: Protocol): readonly string[] {
  return nested ? SCHEMAS[protocol].kwargs : SCHEMAS[protocol].keys;
}
