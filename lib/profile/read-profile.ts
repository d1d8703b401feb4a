import { isRecord } from '../config/is-record.js';
import { MAIN_REQUEST } from '../config/profile-paths.js';
import type { ProfileFunction, ProfileSettings } from '../config/profile-settings.js';
import type { UserInfo } from '../oauth2/openid/user-info.js';
import { callProfileFunction } from './call-profile-function.js';
import { subjectOf, typedClaims, withoutLoneVerification } from './checked-claims.js';
import { declaredClaims } from './declared-claims.js';
import { withoutSecrets } from './plain-copy.js';
import { responseFields, secretsOf, type ProfileInput } from './profile-context.js';
import { callbackValues, ProfileData } from './profile-data.js';
import { ProfileError } from './profile-error.js';
import { profileFailure } from './profile-failure.js';
import { sendProfileRequests } from './profile-requests.js';

/**
 * Returns the user info that a client's `profile` describes. `raw` has the provider's data, without tokens and secrets. Returns
 * undefined if the settings only use the id_token, and there is none.
 * @throws {ProfileError} when a request fails, or when `sub` does not identify a user
 */
export async function readProfile(
  profile: ProfileSettings | ProfileFunction,
  input: ProfileInput,
): Promise<UserInfo | undefined> {
  if (typeof profile === 'function') return profileOfFunction(profile, input);
  const { requests = [], claims } = profile;
  if (requests.length === 0 && !claims) return ownUserInfo(input);
  const data = new ProfileData(
    {
      token: withoutSecrets(responseFields(input.token), secretsOf(input)),
      id_token: input.idToken,
      callback: callbackValues(input.callback),
    },
    requests[0]?.name,
  );
  await sendProfileRequests(input, requests, data);
  const names = requests.map(({ name = MAIN_REQUEST }) => name);
  const raw = names.length === 0 ? ownData(input) : rawOf(data, names);
  return usable(input, () => ({ ...declaredClaims(claims ?? {}, data, input.idToken), raw }));
}

/**
 * Returns the user info of a login. Without `requireProfile`, a failure is logged, and the result is the claims of the id_token, or
 * undefined if there is none.
 * @throws {ProfileError} when the profile cannot be read and `requireProfile` is set
 */
export async function profileOfLogin(
  profile: ProfileSettings | ProfileFunction,
  input: ProfileInput,
): Promise<UserInfo | undefined> {
  try {
    return await readProfile(profile, input);
  } catch (error) {
    if (input.config.requireProfile || !(error instanceof ProfileError)) throw error;
    error.log({ event: 'profile request failed', client: input.config.name }, 'warn');
    return ownUserInfo(input);
  }
}

function ownUserInfo(input: ProfileInput): UserInfo | undefined {
  return input.idToken && { ...input.idToken, raw: ownData(input) };
}

async function profileOfFunction(profile: ProfileFunction, input: ProfileInput): Promise<UserInfo> {
  const { raw, ...found } = await callProfileFunction(profile, input);
  return usable(input, () => ({
    ...withoutLoneVerification(typedClaims(found)),
    sub: subjectOf(found.sub),
    raw: isRecord(raw) ? recordOf(withoutSecrets(raw, secretsOf(input))) : ownData(input),
  }));
}

/** Returns the response of the first request, with the responses of further requests under their names. */
function rawOf(data: ProfileData, [main = MAIN_REQUEST, ...others]: readonly string[]): Record<string, unknown> {
  const response = data.from(main);
  const further = others.map((name) => [name, data.from(name)] as const).filter(([, value]) => value !== undefined);
  const first = isRecord(response) || response === undefined ? response : { [main]: response };
  return { ...first, ...Object.fromEntries(further) };
}

/** Returns the claims of the id_token, or else the fields of the token response. */
function ownData(input: ProfileInput): Record<string, unknown> {
  return recordOf(withoutSecrets(input.idToken ?? responseFields(input.token), secretsOf(input)));
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function usable(input: ProfileInput, read: () => UserInfo): UserInfo {
  try {
    return read();
  } catch (error) {
    throw profileFailure(error, input);
  }
}
