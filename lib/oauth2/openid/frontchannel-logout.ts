import { OAuthError } from '../../errors/oauth.errors.js';
import type { OAuth2Token } from '../../token/token.js';
import { shown } from '../provider/failed-check.js';
import { knowsIssuer, type Provider } from '../provider/provider.js';
import { isTenantTemplate } from '../../config/tenant-issuer.js';
import { claimsOf } from './id-token.js';

/** The session that ended, and its issuer. */
export interface FrontchannelLogout {
  iss: string;
  sid: string;
}

/**
 * Returns the session that a front-channel logout ends (OpenID Connect Front-Channel Logout 1.0 §3).
 * @throws {OAuthError} `invalid_request` when the logout does not name the user's issuer and session: anyone can put a logout link
 * into a page
 */
export async function checkFrontchannelLogout(
  provider: Provider,
  token: OAuth2Token,
  { iss, sid }: { iss?: string; sid?: string },
): Promise<FrontchannelLogout> {
  if (!knowsIssuer(provider)) throw refused('a front-channel logout can only be checked where the issuer is known');
  const { iss: own, sid: session } = token.idToken === undefined ? {} : await claimsOf(provider, token.idToken);
  const { issuer } = provider.server;
  const expected = isTenantTemplate(issuer) ? own : issuer;
  if (iss === undefined || iss !== expected)
    throw refused(`the logout is from ${shown(iss)}, expected ${shown(expected)}`);
  if (!sid || sid !== session) throw refused("the logout is of another session than the user's (sid)");
  return { iss, sid };
}

function refused(description: string): OAuthError {
  return new OAuthError('invalid_request', { description });
}
