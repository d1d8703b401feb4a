/** How many levels of arrays and objects JSON from outside may have: more than any protocol needs, and safe for a stack. */
export const MAX_DEPTH = 16;
/** The longest delay of a timer, in milliseconds: a longer one would overflow and run at once. */
export const MAX_DELAY = 2 ** 31 - 1;

/** Returns a number from outside within bounds, and the fallback for what is not a finite number. */
export function clamp(value: unknown, least: number, most: number, fallback: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return fallback;
  return Math.min(Math.max(value, least), most);
}

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
