import type { OAuthRequest } from '../oauth-request.js';
import { OAuthError } from '../oauth.errors.js';

/**
 * Refuses to begin a login or a logout for an image, a script or a frame of another site (Fetch Metadata). Each one begun so
 * would push an older pending login out of the browser.
 * @throws {OAuthError} `invalid_request` (status 403)
 */
export function requireNavigation({ headers = {} }: OAuthRequest): void {
  const { 'sec-fetch-site': site = 'none', 'sec-fetch-dest': destination = 'document' } = headers;
  if (site === 'none' || site === 'same-origin' || destination === 'document') return;
  throw new OAuthError('invalid_request', {
    description:
      'another site loaded this address as a part of its page (Sec-Fetch-Dest); a login or a logout begins when the user ' +
      'follows a link or submits a form',
    status: 403,
  });
}
