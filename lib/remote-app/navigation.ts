import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';

/**
 * Refuses to start a login or a logout for an image, a script or an iframe of another site (Fetch Metadata). Such logins could
 * replace the user's pending logins, whose number is limited.
 * @throws {OAuthError} `invalid_request` (status 403) when another site embedded the URL
 */
export function requireNavigation({ headers = {} }: OAuthRequest): void {
  const { 'sec-fetch-site': site = 'none', 'sec-fetch-dest': destination = 'document' } = headers;
  if (site === 'none' || site === 'same-origin' || destination === 'document') return;
  throw new OAuthError('invalid_request', {
    description:
      'another site embedded this URL (Sec-Fetch-Dest); expected a visit by the user. Start a login or a logout with a link or a form',
    status: 403,
  });
}
