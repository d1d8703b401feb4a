import { OAuthConfigError, OAuthError } from '../errors/oauth.errors.js';
import { withoutMessage } from '../common/redaction.js';

/**
 * Calls a function that the settings or the options give.
 * @param what the function, as an error names it
 * @throws {OAuthConfigError} when the function throws; an `OAuthError` stays as it is
 */
export async function callApplication<T>(what: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof OAuthError) throw error;
    const cause = withoutMessage(error);
    throw new OAuthConfigError([`${what} threw ${cause.name}; see the stack of the cause`], cause);
  }
}
