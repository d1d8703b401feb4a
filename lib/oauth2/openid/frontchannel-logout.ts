import { OAuthError } from '../../errors/oauth.errors.js';
import type { OAuth2Token } from '../../token/token.js';
import { shown } from '../provider/failed-check.js';
import { knowsIssuer, type Provider } from '../provider/provider.js';
import { isTenantTemplate } from '../../config/tenant-issuer.js';
import { claimsOf } from './id-token.js';

/** Which session ended, at which issuer. */
export interface FrontchannelLogout {
  iss: string;
  sid: string;
}

/** Anybody can put a link into a page: only one that names this very session ends it (OpenID Connect Front-Channel Logout 1.0 §3). */
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
