import { OAuthConfigError, OAuthError } from '../errors/oauth.errors.js';
import { withoutMessage } from '../common/redaction.js';

/**
 * Calls a function of the settings or the options, and returns its result.
 * @param what the name of the function in errors
 * @throws {OAuthConfigError} when the function throws; an `OAuthError` is rethrown unchanged
 */
export async function callApplication<T>(what: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof OAuthError ? error : applicationFailure(what, error);
  }
}

/** Returns the error for a function of the settings or the options that threw. It does not repeat the message of its cause. */
export function applicationFailure(what: string, thrown: unknown): OAuthConfigError {
  const cause = withoutMessage(thrown);
  return new OAuthConfigError([`${what} threw ${cause.name}; see the stack of the cause`], cause);
}
