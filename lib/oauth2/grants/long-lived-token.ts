import { withTokenEndpoint, type Provider } from '../provider/provider.js';
import { refreshedToken } from '../../token/token-response.js';
import type { OAuth2Token } from '../../token/token.js';
import { tokenRequest } from './token-request.js';

/**
 * Exchanges the access token of a login for a long-lived one, if the settings require this (Instagram, Threads, Facebook). Keeps the
 * fields of the first response that the second response does not have, except the expiry.
 * @throws {OAuthError} when the provider refuses the exchange
 */
export async function longLivedToken(provider: Provider, short: OAuth2Token): Promise<OAuth2Token> {
  const { longLivedTokenRequest: settings, dpopKey } = provider.config;
  if (!settings) return short;
  const { url, grantType, ...format } = settings;
  const { token } = await tokenRequest(withTokenEndpoint(provider, url), {
    grantType,
    parameters: { access_token: short.accessToken },
    format,
    dpopKey: short.tokenType === 'dpop' ? (short.dpopKey ?? dpopKey) : undefined,
  });
  return refreshedToken(short, token);
}
