import type { LogFields } from '../common/log.js';
import { MismatchingStateError, OAuthError } from '../errors/oauth.errors.js';
import { errorType } from './error-type.js';

/**
 * Returns the log fields of an error: the code and the description of an {@link OAuthError}, or the code and the reason of a
 * {@link MismatchingStateError}. The message of any other error is left out, because it may quote anything.
 */
export function errorFields(error: unknown): LogFields {
  if (error instanceof MismatchingStateError) return { error: error.error, reason: error.reason };
  if (error instanceof OAuthError) return { error: error.error, description: error.logDescription };
  return { error: errorType(error) };
}
