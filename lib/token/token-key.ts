import { OAuthError } from '../errors/oauth.errors.js';
import { isStorable } from './storable-text.js';
import type { TokenKey } from './token-store.js';

/** Maximum bytes of a part in UTF-8. PostgreSQL indexes both parts of a key in one entry of at most 2,704 bytes. */
const MAX_PART_BYTES = 1000;
/** Marks the name of a client's own token. Client names do not contain this character. */
const OWN_TOKEN_MARK = '#';

/**
 * Returns the checked key of a token. Every store finds a token with its key, so two users must never share a key. A user id
 * that is a safe integer becomes its decimal string. The user is `''` only for a client's own token, whose name contains `#`.
 *
 * @throws {OAuthError} `invalid_token_key` (status 500) for anything else, such as an object, an array or a boolean
 */
export function tokenKey(name: unknown, user: unknown): TokenKey {
  if (typeof name !== 'string' || name === '') throw invalidKey('name', 'a non-empty string', kindOf(name));
  requireStorable('name', name);
  const id = Number.isSafeInteger(user) ? String(user) : user; // -0 becomes "0"
  if (id === '' && name.includes(OWN_TOKEN_MARK)) return { name, user: id };
  if (typeof id !== 'string' || id === '') {
    throw invalidKey('user', 'a non-empty string or a safe integer', kindOf(user));
  }
  requireStorable('user', id);
  return { name, user: id };
}

function requireStorable(part: keyof TokenKey, value: string): void {
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_PART_BYTES) throw invalidKey(part, `at most ${MAX_PART_BYTES} bytes in UTF-8`, `${bytes} bytes`);
  if (!isStorable(value)) {
    throw invalidKey(part, 'a string without U+0000 and lone surrogates', 'a string that contains one of them');
  }
}

function invalidKey(part: keyof TokenKey, expected: string, received: string): OAuthError {
  const advice = part === 'user' ? "Pass your user's id, from `userOf` or as `user`." : 'Pass the name of the client.';
  return new OAuthError('invalid_token_key', {
    description: `the ${part} of a token's key is ${received}; expected ${expected}. ${advice}`,
    status: 500,
  });
}

/** Returns the kind of a value. An error must not show the value, which may be personal data. */
function kindOf(value: unknown): string {
  if (value === '') return 'an empty string';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return 'a number that is not a safe integer';
  return { object: 'an object', undefined: 'undefined' }[typeof value as string] ?? `a ${typeof value}`;
}
