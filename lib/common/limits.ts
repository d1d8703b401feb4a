import { fieldsOf } from './fields-of.js';
/** Maximum nesting of arrays and objects in JSON from outside: more than any protocol needs, and too few to overflow the stack. */
export const MAX_DEPTH = 16;
/** Returns the number, limited to a range. Returns the fallback if the value is not a finite number. */
export function clamp(value: unknown, least: number, most: number, fallback: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return fallback;
  return Math.min(Math.max(value, least), most);
}

/** The longest delay of a timer, in milliseconds. A longer delay overflows, and the timer fires immediately. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Returns whether a JSON value has at most `depth` levels of arrays and objects. A string or a number has no level. */
export function isShallow(value: unknown, depth: number): boolean {
  let level = [value];
  for (let left = depth; level.length > 0; left--) {
    const nested = level.filter((item): item is object => typeof item === 'object' && item !== null);
    if (nested.length > 0 && left <= 0) return false;
    level = nested.flatMap((item) => Object.values(item) as unknown[]);
  }
  return true;
}

/** Maximum size of a JSON value from outside. */
export interface Limits {
  /** Levels of nested arrays and objects. */
  readonly depth: number;
  /** Entries in each array or object. */
  readonly entries: number;
  /** Characters in each string and in each key. */
  readonly length: number;
}

/** All arrays and objects of a value together may have this many times the entries that one of them may have. */
const TOTAL_ENTRIES_FACTOR = 20;

/** Returns the exceeded limit of a JSON value, as "expected at most …", or undefined when the value is within the limits. */
export function excessOf(value: unknown, { depth, entries, length }: Limits): string | undefined {
  let seen = 0;
  let level = [value];
  for (let left = depth; level.length > 0; left--) {
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item === 'string' && item.length > length) return `expected at most ${length} characters`;
      if (typeof item !== 'object' || item === null) continue;
      if (left <= 0) return `expected at most ${depth} levels of arrays and objects`;
      const names = Object.keys(item);
      seen += names.length;
      if (names.length > entries || seen > entries * TOTAL_ENTRIES_FACTOR) return `expected at most ${entries} entries`;
      if (!Array.isArray(item)) next.push(...names);
      for (const name of names) next.push(fieldsOf(item)[name]);
    }
    level = next;
  }
  return undefined;
}
