import { errorFields, logEvent } from '../observability/log.js';
import { OAuthError } from '../oauth.errors.js';
import { inTime } from './in-time.js';

/**
 * Waits for a store.
 * @param name the client
 * @param done what the store was asked to do to the token
 * @param patience seconds
 * @throws {OAuthError} `token_store_error` when it fails, or does not answer in time
 */
export async function askStore<T>(name: string, done: string, answer: Promise<T>, patience: number): Promise<T> {
  const late = (): Error => new Error(`the store did not answer within ${patience} s`);
  return inTime(answer, patience, late).catch((error: unknown) => storeFailed(name, done, error));
}

/**
 * Told here: nobody else may hear of it, where the token still lives. Of the error, the message is kept: a database's has the
 * parameters of the statement beside it, and so the token.
 */
export function storeFailed(name: string, done: string, error: unknown): never {
  logEvent('error', `token not ${done}`, { client: name, ...errorFields(error) });
  if (error instanceof OAuthError) throw error;
  throw new OAuthError('token_store_error', {
    description: `the token for "${name}" could not be ${done}: the token store failed; see the cause`,
    status: 500,
    cause: new Error(error instanceof Error ? error.message : 'what was thrown is no error'),
  });
}
