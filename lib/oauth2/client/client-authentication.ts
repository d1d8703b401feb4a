import {
  ClientSecretBasic,
  ClientSecretJwt,
  ClientSecretPost,
  modifyAssertion,
  None,
  PrivateKeyJwt,
  TlsClientAuth,
  type ClientAuth,
  type JsonValue,
} from 'oauth4webapi';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import type { ClientKeys } from './client-keys.js';

/**
 * Returns how the client authenticates (RFC 6749 §2.3, RFC 7523 §2.2, RFC 8705 §2). A custom method adds its credentials
 * later, in `endpointFetch()`.
 * @param audience who an assertion of the client is for
 */
export function clientAuthentication(config: OAuth2ClientConfig, keys: ClientKeys, audience: string): ClientAuth {
  const { clientSecret = '', tokenEndpointAuthMethod, compliance } = config;
  if (compliance.clientAuthMethods.has(tokenEndpointAuthMethod)) return () => undefined;
  switch (tokenEndpointAuthMethod) {
    case 'client_secret_basic':
      return ClientSecretBasic(clientSecret);
    case 'client_secret_post':
      return ClientSecretPost(clientSecret);
    case 'client_secret_jwt':
      return ClientSecretJwt(clientSecret, forAudience(audience));
    case 'private_key_jwt':
      return async (...request) => PrivateKeyJwt(await keys.signingKey(), forAudience(audience))(...request);
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth':
      return TlsClientAuth();
    default:
      return None();
  }
}

function forAudience(audience: string) {
  return {
    [modifyAssertion]: (
      _header: Record<string, JsonValue | undefined>,
      payload: Record<string, JsonValue | undefined>,
    ) => {
      payload.aud = audience;
    },
  };
}
