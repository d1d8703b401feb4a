import { OAuthError } from '../oauth.errors.js';
import type { ApiRequestOptions } from './api-options.js';

/** Whose token an API call carries. */
export type TokenSource = Pick<ApiRequestOptions, 'token' | 'request' | 'user'>;

const KEYS = new Set(['token', 'request', 'user']);

/**
 * Checks whose token a call is for. Nothing is guessed: a request may have a property `accessToken`, or `user`, that is not
 * what it seems.
 * @throws {OAuthError} `invalid_request` (status 500) for anything but `{ token }`, `{ request }` or `{ user }`
 */
export function readTokenSource(source: unknown): TokenSource {
  if (typeof source === 'object' && source !== null) {
    const given = source as Record<string, unknown>;
    const present = Object.keys(given).filter((key) => given[key] !== undefined);
    if (present.length > 0 && present.every((key) => KEYS.has(key)) && isUser(given.user)) return source;
  }
  throw new OAuthError('invalid_request', {
    description:
      "the call does not say which token to use. Expected { token }, { request } or { user: your user's id }, and nothing else",
    status: 500,
  });
}

function isUser(user: unknown): boolean {
  return user === undefined || typeof user === 'string' || typeof user === 'number';
}
