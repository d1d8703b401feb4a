import { isRecord } from '../config/is-record.js';

/** Returns a deep copy of the settings. Functions, keys and other objects that are not plain keep their identity. */
export function copyOfSettings(settings: Record<string, unknown>): Record<string, unknown> {
  const copy = { ...settings }; // has its own `__proto__` if the settings have one, which the assignment then replaces
  for (const key of Object.keys(copy)) {
    if (typeof copy[key] === 'object') copy[key] = copyOf(copy[key]);
  }
  return copy;
}

/** Returns whether two copies of settings are deeply equal. Functions, keys and other objects are compared by identity. */
export function areSameSettings(first: unknown, second: unknown): boolean {
  if (Array.isArray(first) && Array.isArray(second)) {
    return first.length === second.length && first.every((item, index) => areSameSettings(item, second[index]));
  }
  if (!isPlain(first) || !isPlain(second)) return Object.is(first, second);
  const keys = Object.keys(first);
  if (keys.length !== Object.keys(second).length) return false;
  return keys.every((key) => Object.hasOwn(second, key) && areSameSettings(first[key], second[key]));
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  return isPlain(value) ? copyOfSettings(value) : value;
}

/** Returns whether a value is an object of a literal or of JSON, from any realm. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
