import { escaped } from './escaped-text.js';

/** A name becomes part of routes, variables, keys of stores and lines of the log, so it holds nothing that any of them reads. */
const CLIENT_NAME = /^[A-Za-z0-9][A-Za-z0-9_.:@~-]{0,99}$/;
/** How many characters of a refused name an error shows. */
const SHOWN = 50;
const MOST_LISTED = 20;

/** Returns why a client cannot have this name, as a list that is empty for a good name. */
export function nameFaults(name: unknown): string[] {
  if (typeof name !== 'string') return ['the name of a client must be a string'];
  if (name === '') return ['a client has an empty name'];
  if (name in Object.prototype) {
    return [
      `${name}: not allowed as a client name, because it is a built-in property of every JavaScript object. Rename the client`,
    ];
  }
  if (CLIENT_NAME.test(name) && !name.includes('..')) return [];
  return [
    `"${shownName(name)}": not a valid client name. Expected 1 to 100 characters from A-Z a-z 0-9 _ - . : @ ~, ` +
      'starting with a letter or a digit, without "..". Rename the client',
  ];
}

/** Returns a name as an error shows it: escaped, and cut when it is long. */
export function shownName(name: unknown): string {
  return typeof name === 'string' ? escaped(name, SHOWN) : `(${typeof name})`;
}

/** Returns names as an error lists them: the first 20. */
export function listedNames(names: readonly string[]): string {
  const more = names.length - MOST_LISTED;
  return names.slice(0, MOST_LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Returns what the flat variables of a client begin with: `MY_IDP` for `my-idp`. Different names may share it. */
export function variablePrefix(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}
