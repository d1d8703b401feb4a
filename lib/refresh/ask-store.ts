import { thrownText } from '../errors/error-text.js';
import { OAuthError } from '../errors/oauth.errors.js';
import type { OAuth2Token } from '../token/token.js';
import { inTime } from './in-time.js';

/**
 * Waits for a store.
 * @param name the client
 * @param done what the store was asked to do to the token
 * @param patience seconds
 * @param secrets values that the store is given, which its error may repeat
 * @throws {OAuthError} `token_store_error` when it fails, or does not answer in time
 */
export async function askStore<T>(
  name: string,
  done: string,
  answer: Promise<T>,
  patience: number,
  secrets: readonly string[] = [],
): Promise<T> {
  const late = (): Error => new Error(`the store did not answer within ${patience} s`);
  return inTime(answer, patience, late).catch((error: unknown) => storeFailed(name, done, error, secrets));
}

/**
 * Logs the failure of a store, since no caller may hear of it where the token still lives, and throws it. Of the error, the
 * message is kept: a database's error has the parameters of the statement beside it, and so the token.
 * @throws {OAuthError} the store's own, or `token_store_error`
 */
export function storeFailed(name: string, done: string, thrown: unknown, secrets: readonly string[] = []): never {
  const error = thrown instanceof OAuthError ? thrown : storeError(name, done, thrown, secrets);
  error.log({ event: `token not ${done}`, client: name, step: 'token_store' }, 'error');
  throw error;
}

function storeError(name: string, done: string, thrown: unknown, secrets: readonly string[]): OAuthError {
  return new OAuthError('token_store_error', {
    description: `the token for "${name}" could not be ${done}: the token store failed; see the cause`,
    detail: thrownText(thrown, secrets),
    status: 500,
    cause: new Error(thrown instanceof Error ? thrown.message : 'what was thrown is no error'),
  });
}

/** Returns the values of a token that no log shows. */
export function secretsOfToken({ accessToken, refreshToken = '', idToken = '', dpopKey }: OAuth2Token): string[] {
  return [accessToken, refreshToken, idToken, dpopKey?.d ?? ''];
}
