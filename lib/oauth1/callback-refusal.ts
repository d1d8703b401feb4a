import { OAuthError } from '../errors/oauth.errors.js';
import { isProblemCode } from './problem-code.js';

/** Codes of the OAuth Problem Reporting extension by which the user says no. */
const REFUSALS = ['permission_denied', 'user_refused'];

/** The two ways in which a callback says no: `denied` (Twitter), and `oauth_problem` (OAuth Problem Reporting). */
export function callbackRefusal(callback: { denied?: string; oauth_problem?: string }): OAuthError | undefined {
  const { denied, oauth_problem: problem } = callback;
  if (denied) return new OAuthError('access_denied', { description: 'the user said no', status: 403 });
  if (!problem) return undefined;
  const code = isProblemCode(problem) ? problem : 'oauth_problem';
  return new OAuthError(code, {
    description: 'the provider did not authorize the request token',
    status: REFUSALS.includes(problem) ? 403 : 400,
  });
}
