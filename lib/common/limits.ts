/** How many levels of arrays and objects JSON from outside may have: more than any protocol needs, and safe for a stack. */
export const MAX_DEPTH = 16;
/** The longest delay of a timer, in milliseconds: a longer one would overflow and run at once. */
export const MAX_DELAY = 2 ** 31 - 1;

/** Returns a number from outside within bounds, and the fallback for what is not a finite number. */
export function clamp(value: unknown, least: number, most: number, fallback: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return fallback;
  return Math.min(Math.max(value, least), most);
}

/** Milliseconds of the longest timer. A longer one would overflow, and fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Whether arrays and objects in a JSON value are nested at most `depth` levels; a string or a number has none. */
export function isShallow(value: unknown, depth: number): boolean {
  let level = [value];
  for (let left = depth; level.length > 0; left--) {
    const nested = level.filter((item): item is object => typeof item === 'object' && item !== null);
    if (nested.length > 0 && left <= 0) return false;
    level = nested.flatMap((item) => Object.values(item) as unknown[]);
  }
  return true;
}

/** How large a value from outside may be. */
export interface Limits {
  /** Levels of arrays and objects. */
  readonly depth: number;
  /** Entries of each array or object. */
  readonly entries: number;
  /** Characters of each string, and of each key. */
  readonly length: number;
}

/** How many times the entries of one array or object a value may have in all. */
const MOST_LISTS = 20;

/** Returns what a JSON value exceeds, as "expected at most ...", or undefined when it is within the limits. */
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
      if (names.length > entries || seen > entries * MOST_LISTS) return `expected at most ${entries} entries`;
      if (!Array.isArray(item)) next.push(...names);
      for (const name of names) next.push((item as Record<string, unknown>)[name]);
    }
    level = next;
  }
  return undefined;
}
