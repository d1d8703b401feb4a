import { excessOf, type Limits } from '../limits.js';
import { isRecord, snakeCase, type Settings } from './setting-keys.js';
import { escaped } from './escaped-text.js';

/** How many keys the settings of one client, or its `client_kwargs`, may have. */
const MOST_KEYS = 200;
const LIMITS: Limits = { depth: 8, entries: 100, length: 8_192 };
/** Keys and certificates in PEM may be long: a bundle of authorities is. */
const PEM_LIMITS: Limits = { ...LIMITS, length: 500_000 };
const PEM_KEYS = new Set(['privateKeys', 'dpopKey', 'clientCertificate', 'rsaKey']);
/** How many characters of an unknown key an error shows. */
const SHOWN = 50;

/** Returns what in the settings of one client is too large to be looked at more closely. */
export function sizeFaults(settings: Settings): string[] {
  const { clientKwargs, ...others } = settings;
  const kwargs = isRecord(clientKwargs) ? clientKwargs : {};
  const tooMany = [...countFaults('settings', settings), ...countFaults('client_kwargs', kwargs)];
  if (tooMany.length > 0) return tooMany;
  return [...valueFaults('', isRecord(clientKwargs) ? others : settings), ...valueFaults('client_kwargs.', kwargs)];
}

function countFaults(where: string, settings: Settings): string[] {
  const count = Object.keys(settings).length;
  return count > MOST_KEYS ? [`${where}: ${count} keys; expected at most ${MOST_KEYS}`] : [];
}

function valueFaults(prefix: string, settings: Settings): string[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    const excess = excessOf(value, PEM_KEYS.has(key) ? PEM_LIMITS : LIMITS);
    return excess === undefined ? [] : [`${prefix}${escaped(snakeCase(key.slice(0, SHOWN + 1)), SHOWN)}: ${excess}`];
  });
}
