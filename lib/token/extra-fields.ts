import { isShallow } from '../common/limits.js';
import { UNSAFE_NAMES } from './reserved-names.js';
import { storableText } from './storable-text.js';

/** Maximum number of extra fields. */
const MAX_FIELDS = 100;
/** Maximum levels of arrays and objects in an extra field. */
const MAX_DEPTH = 5;
/** Maximum size of all extra fields, in bytes of JSON. */
const MAX_BYTES = 65_536;

/**
 * Returns the extra fields of a provider's response that are kept with a token, as plain JSON that any store can keep. Drops
 * reserved names, and fields that exceed 100 fields, five levels or 64 KB, so that they cannot fail a login.
 */
export function extraFields(response: object, reserved: ReadonlySet<string>): Record<string, unknown> {
  const kept: [name: string, value: unknown][] = [];
  let bytesLeft = MAX_BYTES;
  for (const [name, value] of Object.entries(response) as [string, unknown][]) {
    if (kept.length === MAX_FIELDS) break;
    if (reserved.has(name) || UNSAFE_NAMES.has(name) || !isShallow(value, MAX_DEPTH)) continue;
    const plain = plainJson(value);
    const size = Buffer.byteLength(JSON.stringify([name, plain]));
    if (plain === null || size > bytesLeft) continue;
    kept.push([storableText(name), plain]);
    bytesLeft -= size;
  }
  return Object.fromEntries(kept);
}

/** Returns a copy with storable strings. A value that is not JSON, such as a function, a `Date` or `Infinity`, becomes `null`. */
function plainJson(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' || value === null) return null;
  if (Array.isArray(value)) return value.map(plainJson);
  if (!isPlain(value)) return null;
  const fields = Object.entries(value).filter(([name]) => !UNSAFE_NAMES.has(name));
  return Object.fromEntries(fields.map(([name, field]) => [storableText(name), plainJson(field)]));
}

/** Returns whether an object is an object literal or has no prototype. The prototype of any other class has a prototype. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
