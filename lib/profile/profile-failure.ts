import { MAIN_REQUEST } from '../config/profile-paths.js';
import type { ProfileRequest } from '../config/profile-settings.js';
import { OAuthError, ProviderError } from '../errors/oauth.errors.js';
import { withoutQuery } from '../http/query.js';
import { secretsOf, type ProfileInput } from './profile-context.js';
import { ProfileError } from './profile-error.js';
import { UnusableProfile } from './unusable-profile.js';

interface FailedProfile extends Pick<ProfileInput, 'config' | 'token'> {
  /** The request that failed. Undefined if the claims cannot be used. */
  request?: Pick<ProfileRequest, 'name' | 'url' | 'method'>;
}

const ADVICE =
  "Check the client's `profile`. The login itself succeeded: the token is in `error.token`. To sign users in without a profile, set " +
  'require_profile: false';

/**
 * Returns the `ProfileError` for a failed request or for unusable claims.
 * @throws the error itself, if a developer must fix its cause or if it is unknown
 */
export function profileFailure(error: unknown, { config, token, request }: FailedProfile): ProfileError {
  const isOfDeveloper = error instanceof OAuthError && error.getStatus() === 500;
  if (isOfDeveloper || !(error instanceof OAuthError || error instanceof UnusableProfile)) throw error;
  if (error instanceof ProfileError) return error;
  const what = request ? `the profile request ${named(request)} failed` : 'the profile cannot be used';
  const options = { token, description: `${what}: ${reasonOf(error)}. ${ADVICE}` };
  if (error instanceof UnusableProfile) return new ProfileError(options);
  const { providerStatus } = error;
  const cause = error.redact(secretsOf({ config, token })); // the token may be a part of the URL, and the response may repeat it
  return new ProfileError({
    ...options,
    detail: cause.detail,
    cause,
    answered: providerStatus === undefined ? undefined : { status: providerStatus },
  });
}

/** Names a request by its URL in the settings: the URL that was sent may contain identifiers of the user. */
function named({ name = MAIN_REQUEST, method = 'GET', url }: NonNullable<FailedProfile['request']>): string {
  return `"${name}" (${method} ${withoutQuery(url)})`;
}

function reasonOf(error: OAuthError | UnusableProfile): string {
  if (error instanceof UnusableProfile) return error.message;
  if (!(error instanceof ProviderError) || error.providerStatus === undefined) return error.error;
  return `it was answered with status ${error.providerStatus}`;
}
