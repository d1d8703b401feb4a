import type { OAuth2ClientConfig } from '../config/client-config.js';
import { OAuthError, TokenExpiredError, TokenRevokedError } from '../errors/oauth.errors.js';
import { accessTokenRequest } from '../oauth2/grants/access-token-request.js';
import { refreshTokenAdvice } from '../oauth2/grants/refresh-token-advice.js';
import { refreshToken, type RefreshableToken } from '../oauth2/grants/refresh-token.js';
import type { ServerMetadata } from '../oauth2/provider/server-metadata.js';
import { ProviderBreaker } from '../refresh/provider-breaker.js';
import type { RefreshOptions } from '../refresh/refresh-options.js';
import { tokenId } from '../refresh/token-slot.js';
import { TokenRefresh } from '../refresh/token-refresh.js';
import type { OAuth2Token } from '../token/token.js';
import { missingToken } from './token-slots.js';

/** Returns the `TokenRefresh` of one client. It refreshes users' tokens (RFC 6749 §6), and fetches the client's token (§4.4). */
export function oauth2Refresh(
  config: OAuth2ClientConfig,
  metadata: ServerMetadata,
  events: RefreshOptions['events'],
): TokenRefresh {
  const { name, leeway, refreshAhead, refreshTimeout } = config;
  const breaker = new ProviderBreaker(name);
  return new TokenRefresh({
    name,
    leeway,
    refreshAhead,
    refreshTimeout,
    events,
    refusalFor(slot, old) {
      if (slot.owner && !isRefreshable(old?.token)) return signInAgain(config, old?.token);
      return breaker.refusal(tokenId(slot, old));
    },
    async renew(slot, old) {
      const id = tokenId(slot, old);
      const token = old?.token;
      if (slot.owner && isRefreshable(token)) {
        return breaker.run(id, async () => refreshToken(await metadata.load(), token)).catch(revocationOf(name));
      }
      return breaker.run(id, async () => ({
        token: await accessTokenRequest(await metadata.load(), { grantType: 'client_credentials' }),
      }));
    },
  });
}

function isRefreshable(token: OAuth2Token | undefined): token is RefreshableToken {
  return token?.refreshToken !== undefined;
}

function signInAgain(config: OAuth2ClientConfig, old: OAuth2Token | undefined): OAuthError {
  const { name } = config;
  return old
    ? new TokenExpiredError({
        description:
          `the token for "${name}" is expired and there is no refresh token; sign in again. ` +
          refreshTokenAdvice(config),
      })
    : missingToken(name);
}

/** @throws {TokenRevokedError} when the provider responded with `invalid_grant`; otherwise, throws the error itself */
function revocationOf(name: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof OAuthError) || error.error !== 'invalid_grant') throw error;
    const { description, uri, providerStatus } = error;
    throw new TokenRevokedError({
      description: `the provider of "${name}" no longer accepts the refresh token (invalid_grant): ${description}; sign in again`,
      uri,
      answered: providerStatus === undefined ? undefined : { status: providerStatus },
    });
  };
}
