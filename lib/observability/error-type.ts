import { fieldsOf } from '../common/fields-of.js';
import { isRegisteredCode } from '../errors/error-codes.js';
import { OAuthError } from '../errors/oauth.errors.js';

/**
 * Returns the `error.type` for OpenTelemetry: the code of an {@link OAuthError}, or the name of any other error. Anyone can
 * call a callback with an invented code, so unregistered codes become `_OTHER` and do not create new time series.
 */
export function errorType(error: unknown): string {
  if (error instanceof OAuthError) return isRegisteredCode(error.error) ? error.error : '_OTHER';
  const { name } = fieldsOf(error);
  return typeof name === 'string' ? name : '_OTHER';
}
