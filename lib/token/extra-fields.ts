import { isShallow } from '../common/limits.js';
import { storableText } from './storable-text.js';

/** What is kept of the fields that a provider adds to a token. */
const MOST_FIELDS = 100;
const DEEPEST = 5;
/** Bytes of all of them, as JSON. */
const MOST_BYTES = 65_536;
/** Names that mean something to JavaScript itself. */
const UNSAFE_NAMES = new Set(['__proto__', 'constructor', 'prototype', 'toJSON', 'then']);

/**
 * Returns the fields of a provider's response that a token keeps beside its own: plain JSON that any store can hold. Drops
 * reserved names, and what exceeds 100 fields, five levels of nesting or 64 KB. A login does not fail because of them.
 */
export function extraFields(response: object, reserved: ReadonlySet<string>): Record<string, unknown> {
  const kept: [name: string, value: unknown][] = [];
  let room = MOST_BYTES;
  for (const [name, value] of Object.entries(response) as [string, unknown][]) {
    if (kept.length === MOST_FIELDS) break;
    if (reserved.has(name) || UNSAFE_NAMES.has(name) || !isShallow(value, DEEPEST)) continue;
    const plain = plainJson(value);
    const size = Buffer.byteLength(JSON.stringify([name, plain]));
    if (plain === null || size > room) continue;
    kept.push([storableText(name), plain]);
    room -= size;
  }
  return Object.fromEntries(kept);
}

/** Returns a copy with storable strings. What is not JSON, such as a function, a `Date` or `Infinity`, becomes `null`. */
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

/** Whether an object has the prototype of an object literal, or none; that of another class has a prototype itself. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
