import type { TokenBinding } from '../token/token-binding.js';
import type { ClientConfig } from './client-config.js';

/**
 * Returns what the tokens of a client are bound to. The issuer is the setting that decides where a refresh token is sent, so
 * that no token goes to another endpoint than when it was issued. It is known without reading the provider's metadata.
 */
export function tokenBindingOf(config: ClientConfig): TokenBinding {
  const { clientId } = config;
  if (config.protocol === 'OAuth 1') return { issuer: config.accessTokenUrl, clientId };
  const { refreshTokenUrl, endpoints, issuer, serverMetadataUrl } = config;
  return { issuer: refreshTokenUrl ?? endpoints.token_endpoint ?? issuer ?? serverMetadataUrl ?? '', clientId };
}
