import type { z } from 'zod';
import { escaped } from './escaped-text.js';
import { HTTP_KEYS, httpKey } from './http-options.js';
import { nearestKey } from './nearest-key.js';
import { KNOWN_KEYS, type Protocol, type Settings } from './setting-keys.js';
import { SCHEMAS } from './settings-schema.js';
import { snakeCase } from './snake-case.js';

/** How many unknown keys are compared with the known ones. */
const MOST_COMPARED = 20;
/** How many characters of an unknown key an error shows. */
const KEY_SHOWN = 50;

/** Returns one fault for each thing that the schema refused, beginning with the key. */
export function schemaFaults(issues: readonly z.core.$ZodIssue[], settings: Settings, protocol: Protocol): string[] {
  return issues.flatMap((issue) => describe(issue, settings, protocol));
}

function describe(issue: z.core.$ZodIssue, settings: Settings, protocol: Protocol): string[] {
  const path = issue.path.map((key, depth) => shown(String(key), isSettingKey(issue.path, depth)));
  if (issue.code === 'unrecognized_keys' && issue.path[0] === 'http') {
    return issue.keys.map((key) => `http.${escaped(key, KEY_SHOWN)}: ${unknownKey(key, HTTP_KEYS, httpKey)}`);
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key, index) => {
      const why = index < MOST_COMPARED ? describeUnknownKey(key, path.length > 0, protocol) : 'unknown key';
      return `${[...path, shown(key, KNOWN_KEYS.has(key))].join('.')}: ${why}`;
    });
  }
  const missing = issue.path.length === 1 && settings[String(issue.path[0])] === undefined;
  return [`${path.join('.')}: ${missing ? 'missing' : issue.message}`];
}

/** Returns a setting's key in snake_case, as all messages have it, and any other key as it is written, escaped and cut. */
function shown(key: string, isSetting: boolean): string {
  return escaped(isSetting ? snakeCase(key) : key, KEY_SHOWN);
}

/** Keys below `*_params` are the provider's parameters and stay as they are. */
function isSettingKey(path: readonly PropertyKey[], depth: number): boolean {
  return depth === 0 || path[0] === 'clientKwargs' || (path[0] === 'http' && depth === 1);
}

function describeUnknownKey(key: string, nested: boolean, protocol: Protocol): string {
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
