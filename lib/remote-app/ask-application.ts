import { HttpException } from '@nestjs/common';
import { applicationFailure } from '../config/application-function.js';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { inTime } from '../refresh/in-time.js';

/** Seconds after which a function of the application that has not responded counts as failed. */
const TIMEOUT_S = 10;

/**
 * Calls a function of the module's options, and returns its result.
 * @param what the name of the function in errors
 * @throws {OAuthConfigError} when the function throws, or does not respond within 10 seconds
 * @throws {HttpException} the error of the function, if it is an `HttpException`
 */
export async function askApplication<T>(what: string, call: () => T | Promise<T>): Promise<T> {
  const answer = (async () => call())();
  try {
    return await inTime(answer, TIMEOUT_S, () => new OAuthConfigError([noAnswer(what)]));
  } catch (error) {
    throw error instanceof HttpException ? error : applicationFailure(what, error);
  }
}

function noAnswer(what: string): string {
  return `${what} did not respond within ${TIMEOUT_S} seconds; expected a result. Set a timeout for its query or request`;
}
