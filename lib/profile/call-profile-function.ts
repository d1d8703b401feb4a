import { HttpException } from '@nestjs/common';
import { withoutMessage } from '../common/redaction.js';
import { isRecord } from '../config/is-record.js';
import type { ProfileFunction } from '../config/profile-settings.js';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import type { ProfileInput } from './profile-context.js';
import { profileFailure } from './profile-failure.js';
import { sendForJson } from './send-for-json.js';

/**
 * Calls the `profile` function of a client, and returns its result.
 * @throws {ProfileError} when a request of `get()` fails and the function does not catch the error
 * @throws {OAuthConfigError} when the function throws another error than an `HttpException`, or does not return an object
 */
export async function callProfileFunction(
  profile: ProfileFunction,
  input: ProfileInput,
): Promise<Readonly<Record<string, unknown>>> {
  const { config, token, idToken, callback } = input;
  const result: unknown = await called(`${config.name}.profile`, () =>
    profile({ token, idToken, callback, get: (url, options) => getJson(input, url, options) }),
  );
  if (isRecord(result)) return result;
  throw new OAuthConfigError([`${config.name}.profile: did not return an object; expected claims, with sub`]);
}

async function getJson(
  input: ProfileInput,
  url: string,
  { headers }: { headers?: Record<string, string> } = {},
): Promise<unknown> {
  const target = input.apiTarget(url);
  const { href } = target.url;
  try {
    const { origins } = target;
    return await sendForJson(input, { method: 'GET', url: href, headers, origins, credentials: input.credentials() });
  } catch (error) {
    throw profileFailure(error, { ...input, request: { name: 'get', url: href } });
  }
}

async function called<T>(what: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof HttpException) throw error;
    const cause = withoutMessage(error);
    throw new OAuthConfigError([`${what} threw ${cause.name}; see the stack of the cause`], cause);
  }
}
