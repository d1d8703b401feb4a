import type { LogFields } from '../common/log.js';
import { MismatchingStateError, OAuthError } from '../errors/oauth.errors.js';
import { errorType } from './error-type.js';

/**
 * Returns the fields of a line about an error: its code, and its description. The message of an error of another kind may
 * quote anything, and is left out. For a mismatching state, the reason is enough.
 */
export function errorFields(error: unknown): LogFields {
  if (error instanceof MismatchingStateError) return { error: error.error, reason: error.reason };
  if (error instanceof OAuthError) return { error: error.error, description: error.logDescription };
  return { error: errorType(error) };
}
