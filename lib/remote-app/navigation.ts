import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';

/**
 * Refuses to begin a login or a logout for an image, a script or a frame of another site (Fetch Metadata). Each one begun so
 * would push an older pending login out of the browser.
 * @throws {OAuthError} `invalid_request` (status 403)
 */
export function requireNavigation({ headers = {} }: OAuthRequest): void {
  const { 'sec-fetch-site': site = 'none', 'sec-fetch-dest': destination = 'document' } = headers;
  if (site === 'none' || site === 'same-origin' || destination === 'document') return;
  throw new OAuthError('invalid_request', {
    description: 'another site embedded this URL (Sec-Fetch-Dest). Start a login or a logout with a link or a form',
    status: 403,
  });
}
