import type { TokenBinding } from '../token/token-binding.js';
import type { ClientConfig } from './client-config.js';

/**
 * Returns the binding of a client's tokens. Its issuer is the setting that determines where a refresh token is sent, so that a
 * token is never sent to another endpoint than before. The settings are enough; the metadata is not read.
 */
export function tokenBindingOf(config: ClientConfig): TokenBinding {
  const { clientId } = config;
  if (config.protocol === 'OAuth 1') return { issuer: config.accessTokenUrl, clientId };
  const { refreshTokenUrl, endpoints, issuer, serverMetadataUrl } = config;
  return { issuer: refreshTokenUrl ?? endpoints.token_endpoint ?? issuer ?? serverMetadataUrl ?? '', clientId };
}
