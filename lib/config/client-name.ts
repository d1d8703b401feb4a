import { escaped } from './escaped-text.js';

/** A name is part of routes, variables, store keys and log lines, so it contains no character with a special meaning in them. */
const CLIENT_NAME = /^[A-Za-z0-9][A-Za-z0-9_.:@~-]{0,99}$/;
/** Maximum number of characters of a refused name in an error. */
const MAX_SHOWN = 50;
/** Maximum number of names in an error. */
const MAX_LISTED = 20;

/** Returns the faults of a client name, or an empty array for a valid name. */
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

/** Returns a name for an error: escaped, and shortened if it is long. */
export function shownName(name: unknown): string {
  return typeof name === 'string' ? escaped(name, MAX_SHOWN) : `(${typeof name})`;
}

/** Returns a list of names for an error: the first 20. */
export function listedNames(names: readonly string[]): string {
  const more = names.length - MAX_LISTED;
  return names.slice(0, MAX_LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Returns the prefix of a client's flat variables: `MY_IDP` for `my-idp`. Different names may have an equal prefix. */
export function variablePrefix(name: string): string {
  return prefixKey(name).replaceAll('-', '_').toUpperCase();
}

/** Returns a string that is equal for names with an equal prefix. For most names, it is the name itself, which takes no memory. */
export function prefixKey(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9-]/g, '-');
}
