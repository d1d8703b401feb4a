import { OAuthError } from '../errors/oauth.errors.js';
import { isProblemCode } from './problem-code.js';

/** Codes of the OAuth Problem Reporting extension for a user who denied the login. */
const USER_REFUSALS = ['permission_denied', 'user_refused'];

/** Returns the error that a callback reports, in `denied` (Twitter) or in `oauth_problem` (OAuth Problem Reporting). */
export function callbackRefusal(callback: { denied?: string; oauth_problem?: string }): OAuthError | undefined {
  const { denied, oauth_problem: problem } = callback;
  if (denied) return new OAuthError('access_denied', { description: 'the user denied the login', status: 403 });
  if (!problem) return undefined;
  const code = isProblemCode(problem) ? problem : 'oauth_problem';
  return new OAuthError(code, {
    description: 'the provider did not authorize the request token',
    status: USER_REFUSALS.includes(problem) ? 403 : 400,
  });
}
