import { fieldsOf } from '../common/fields-of.js';
import { OAuthError } from '../errors/oauth.errors.js';
import type { TokenSource } from './api-options.js';

const KEYS = new Set(['token', 'request', 'user']);

/**
 * Checks the source of a token. Does not guess whether the argument is a token or a request, because a request may have a
 * property `accessToken` or `user`.
 * @param method the name of the called method, for the error
 * @throws {OAuthError} `invalid_request` (status 500) when the source is not `{ token }`, `{ request }` or `{ user }`
 */
export function readTokenSource(source: unknown, method: string): TokenSource {
  const given = fieldsOf(source);
  const present = Object.keys(given).filter((key) => given[key] !== undefined);
  if (present.length > 0 && present.every((key) => KEYS.has(key)) && isUser(given.user)) return given;
  const isToken = present.includes('accessToken') || present.includes('access_token');
  throw new OAuthError('invalid_request', {
    description:
      "the call does not say which token to use. Expected { token }, { request } or { user: your user's id }, and nothing else" +
      (isToken ? `. To pass a token, write ${method}({ token }) instead of ${method}(token)` : ''),
    status: 500,
  });
}

function isUser(user: unknown): boolean {
  return user === undefined || typeof user === 'string' || typeof user === 'number';
}
