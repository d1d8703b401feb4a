/** A path of `profile`, in parts. */
export interface ParsedPath {
  /** The source before the colon. Undefined for the response of the first request. */
  readonly source?: string;
  /** Keys, positions, and filters such as `[?primary]`. */
  readonly steps: readonly string[];
}

/** The name of the first request if it has no name. */
export const MAIN_REQUEST = 'user';
/** A placeholder in a string of `profile`. Braces with spaces are part of the string, as in GraphQL. */
export const PLACEHOLDER = /\{([^{}\s]+)\}/g;
/** The sources of paths that are not requests. */
export const OTHER_SOURCES: readonly string[] = ['token', 'id_token', 'callback'];
/** A path: an optional source, and keys that are separated by dots. */
const PATH = /^(?:([a-z]\w*):)?([^:{}]{1,200})$/;
const FILTER = /^\[\?([^[\]]+)\]$/;

/** Returns the parts of a path, or undefined for a string that is not a path. */
export function parsePath(path: string): ParsedPath | undefined {
  const [all, source, rest = ''] = PATH.exec(path) ?? [];
  if (all === undefined) return undefined;
  const steps = rest.split('.').flatMap(stepsOf);
  return steps.every(isStep) ? { source, steps } : undefined;
}

/** Returns the key in a filter, or undefined for a step that is not a filter. */
export function filterKey(step: string): string | undefined {
  return FILTER.exec(step)?.[1];
}

/** Returns the contents of the placeholders of a string. */
export function placeholdersOf(text: string): string[] {
  return Array.from(text.matchAll(PLACEHOLDER), ([, content = '']) => content);
}

/** Separates a key from its filter: `emails[?primary]`. */
function stepsOf(part: string): string[] {
  const start = part.indexOf('[?');
  return start > 0 ? [part.slice(0, start), part.slice(start)] : [part];
}

function isStep(step: string): boolean {
  return step !== '' && (!step.startsWith('[?') || FILTER.test(step));
}
