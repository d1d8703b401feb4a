import type { OAuthRequest } from '../common/oauth-request.js';
import { stateOf } from './session-entries.js';
import { isKeyed, KEY, listed, type Session } from './session.js';

/**
 * Returns whether the session contains data of the application, such as the id of the user. Returns true for a session whose
 * values cannot be listed.
 */
export function holdsApplicationData({ session }: OAuthRequest): boolean {
  if (typeof session !== 'object' || session === null) return false;
  const values = isKeyed(session) ? listed(session) : (session as Session);
  if (!values) return true;
  const libraryKeys = ['cookie', KEY, ...Object.keys(stateOf(values))];
  return Object.entries(values).some(([key, value]) => !libraryKeys.includes(key) && isFilled(value));
}

function isFilled(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== '' && typeof value !== 'function';
}
