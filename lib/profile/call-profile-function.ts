import { HttpException } from '@nestjs/common';
import { applicationFailure } from '../config/application-function.js';
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
  const { config } = input;
  const result = await resultOf(profile, input);
  if (isRecord(result)) return result;
  throw new OAuthConfigError([`${config.name}.profile: did not return an object; expected claims, with sub`]);
}

async function resultOf(profile: ProfileFunction, input: ProfileInput): Promise<unknown> {
  const { config, token, idToken, callback } = input;
  try {
    return await profile({ token, idToken, callback, get: (url, options) => getJson(input, url, options) });
  } catch (error) {
    throw error instanceof HttpException ? error : applicationFailure(`${config.name}.profile`, error);
  }
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
