import { filterKey, MAIN_REQUEST, parsePath } from '../config/profile-paths.js';
import { parseBody } from './response-body.js';
import { plainCopy } from './plain-copy.js';

/** A position in an array. */
const POSITION = /^(?:0|[1-9]\d{0,5})$/;
/** How many elements of an array a filter reads. */
const MAX_FILTERED = 1_000;

/** The data in which the paths of a profile find their values, by source. */
export class ProfileData {
  readonly #sources: Map<string, unknown>;
  readonly #main: string;

  constructor(sources: Record<'token' | 'id_token' | 'callback', unknown>, main = MAIN_REQUEST) {
    this.#sources = new Map(Object.entries(sources));
    this.#main = main;
  }

  /** Adds the response of a request. */
  add(name: string, response: unknown): void {
    this.#sources.set(name, response);
  }

  /** Returns all data of a source. */
  from(source: string): unknown {
    return this.#sources.get(source);
  }

  /** Returns the value at a path. Reads own properties only. */
  at(path: string): unknown {
    const steps = parsePath(path)?.steps ?? [];
    return steps.length === 0 ? undefined : steps.reduce(step, this.#sources.get(this.sourceOf(path)));
  }

  /** Returns the source of a path. */
  sourceOf(path: string): string {
    return parsePath(path)?.source ?? this.#main;
  }
}

/** Returns the parameters of a callback. A value that is a JSON object or array, such as Apple's `user`, is parsed. */
export function callbackValues(callback: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(callback).map(([name, value]) => [
      name,
      /^\s*[[{]/.test(value) ? (plainCopy(parseBody(value)) ?? value) : value,
    ]),
  );
}

function step(value: unknown, key: string): unknown {
  const filter = filterKey(key);
  if (filter !== undefined) {
    if (!Array.isArray(value)) return undefined;
    return value.slice(0, MAX_FILTERED).find((item) => ownValue(item, filter) === true) as unknown;
  }
  return Array.isArray(value) && !POSITION.test(key) ? undefined : ownValue(value, key);
}

function ownValue(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}
