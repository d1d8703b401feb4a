import { thrownText } from '../errors/error-text.js';
import { OAuthError } from '../errors/oauth.errors.js';
import type { OAuth2Token } from '../token/token.js';
import { inTime } from './in-time.js';

/**
 * Waits for the result of a token store.
 * @param name the name of the client
 * @param done the operation, as a past participle for errors: `saved`
 * @param timeout in seconds
 * @param secrets values that the store received, which its error may repeat
 * @throws {OAuthError} `token_store_error` (status 500) when the store fails or does not respond in time
 */
export async function askStore<T>(
  name: string,
  done: string,
  result: Promise<T>,
  timeout: number,
  secrets: readonly string[] = [],
): Promise<T> {
  const late = (): Error => new Error(`the store did not respond within ${timeout} s`);
  return inTime(result, timeout, late).catch((error: unknown) => storeFailed(name, done, error, secrets));
}

/**
 * Logs the failure of a store, and throws it. It is logged here because callers do not see it while the old token is valid.
 * Only the message of the error is kept: other properties of a database's error contain the parameters, and so the token.
 * @throws {OAuthError} the error of the store if it is an `OAuthError`, or else `token_store_error` (status 500)
 */
export function storeFailed(name: string, done: string, thrown: unknown, secrets: readonly string[] = []): never {
  const error = thrown instanceof OAuthError ? thrown : storeError(name, done, thrown, secrets);
  error.log({ event: `token not ${done}`, client: name, step: 'token_store' }, 'error');
  throw error;
}

function storeError(name: string, done: string, thrown: unknown, secrets: readonly string[]): OAuthError {
  return new OAuthError('token_store_error', {
    description: `the token for "${name}" could not be ${done}: the token store failed. See the cause`,
    detail: thrownText(thrown, secrets),
    status: 500,
    cause: new Error(thrown instanceof Error ? thrown.message : 'the store threw a value that is not an Error'),
  });
}

/** Returns the values of a token that must not appear in the log. */
export function secretsOfToken({ accessToken, refreshToken = '', idToken = '', dpopKey }: OAuth2Token): string[] {
  return [accessToken, refreshToken, idToken, dpopKey?.d ?? ''];
}
