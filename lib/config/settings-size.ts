import { excessOf, type Limits } from '../common/limits.js';
import { jsonPart } from './http-options.js';
import { isRecord } from './is-record.js';
import type { Settings } from './setting-keys.js';
import { PEM_KEYS } from './settings-schema.js';
import { snakeCase } from './snake-case.js';
import { escaped } from './escaped-text.js';

/** Maximum number of keys in the settings of a client, in its `client_kwargs`, and in its `http`. */
const MAX_KEYS = 200;
const LIMITS: Limits = { depth: 8, entries: 100, length: 8_192 };
/** Limits for keys and certificates in PEM, which may be long, such as a bundle of certificate authorities. */
const PEM_LIMITS: Limits = { ...LIMITS, length: 500_000 };
/** Maximum number of characters of a key in an error. */
const MAX_SHOWN_KEY = 50;

/** Returns a fault for each setting of a client that is too large to be checked. */
export function sizeFaults(settings: Settings): string[] {
  const kwargs = isRecord(settings.clientKwargs) ? settings.clientKwargs : undefined;
  const http = isRecord(settings.http) ? settings.http : undefined;
  const tooMany = [
    ...countFaults('settings', settings),
    ...countFaults('client_kwargs', kwargs),
    ...countFaults('http', http),
  ];
  if (tooMany.length > 0) return tooMany;
  const { clientKwargs, http: _, ...others } = settings;
  return [
    ...valueFaults('', { ...others, ...(!kwargs && { clientKwargs }), ...(!http && { http: settings.http }) }),
    ...valueFaults('client_kwargs.', kwargs),
    ...valueFaults('http.', http && jsonPart(http)), // agents and functions are not measured
  ];
}

function countFaults(where: string, settings: Settings = {}): string[] {
  const count = Object.keys(settings).length;
  return count > MAX_KEYS ? [`${where}: ${count} keys; expected at most ${MAX_KEYS}`] : [];
}

function valueFaults(prefix: string, settings: Settings = {}): string[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    const excess = excessOf(value, PEM_KEYS.has(key) ? PEM_LIMITS : LIMITS);
    return excess === undefined
      ? []
      : [`${prefix}${escaped(snakeCase(key.slice(0, MAX_SHOWN_KEY + 1)), MAX_SHOWN_KEY)}: ${excess}`];
  });
}
