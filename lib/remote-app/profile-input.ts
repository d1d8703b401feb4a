import type { ProfileInput } from '../profile/profile-context.js';
import { apiTarget } from './api-call.js';
import type { AppParts } from './app-parts.js';

/** Returns what the profile of a user is read from. */
export function profileInput(
  { config, http, apiHeaders }: AppParts,
  user: Pick<ProfileInput, 'token' | 'idToken' | 'callback' | 'credentials'>,
): ProfileInput {
  return { ...user, config, http, apiHeaders, apiTarget: (url) => apiTarget(config, url, user.token) };
}
