import { isRegisteredCode } from '../errors/error-codes.js';
import { OAuthError } from '../errors/oauth.errors.js';

/**
 * The `error.type` of OpenTelemetry: the code of an {@link OAuthError}, or else the error's name. Anyone can call a callback
 * with an invented code; `_OTHER` stands for those, so that they do not create new time series.
 */
export function errorType(error: unknown): string {
  if (error instanceof OAuthError) return isRegisteredCode(error.error) ? error.error : '_OTHER';
  const { name } = (error ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name : '_OTHER';
}
