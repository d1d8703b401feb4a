import type { AuthorizationServer } from 'oauth4webapi';
import type { OAuth2Token } from '../../token/token.js';
import { subjectOf } from '../openid/id-token.js';
import type { Provider } from '../provider/provider.js';
import { requestToken } from './token-request.js';

/** A token that can be refreshed. */
export type RefreshableToken = OAuth2Token & { refreshToken: string };

/**
 * Exchanges a refresh token for a new token (RFC 6749 §6). What the answer does not replace stays: the refresh token, the
 * id_token, the APIs that it is for, the key that it is bound to.
 */
export async function refreshToken(provider: Provider, old: RefreshableToken): Promise<OAuth2Token> {
  const { refreshTokenUrl, refreshTokenParams, resource, dpopKey } = provider.config;
  const server = refreshTokenUrl ? withTokenEndpoint(provider.server, refreshTokenUrl) : provider.server;
  const { token } = await requestToken(
    { ...provider, server },
    {
      grantType: 'refresh_token',
      parameters: { resource: old.resource ?? resource, ...refreshTokenParams, refresh_token: old.refreshToken },
      dpopKey: old.tokenType === 'dpop' ? (old.dpopKey ?? dpopKey) : undefined,
      idToken: { subject: old.idToken === undefined ? undefined : await subjectOf(provider, old.idToken) },
    },
  );
  const { refreshToken: kept, idToken, resource: audience } = old;
  return { refreshToken: kept, ...(idToken && { idToken }), ...(audience && { resource: audience }), ...token };
}

function withTokenEndpoint(
  { mtls_endpoint_aliases: aliases, ...server }: AuthorizationServer,
  url: string,
): AuthorizationServer {
  return { ...server, token_endpoint: url, mtls_endpoint_aliases: aliases && { ...aliases, token_endpoint: url } };
}
