import {
  ClientSecretBasic,
  ClientSecretJwt,
  ClientSecretPost,
  modifyAssertion,
  None,
  PrivateKeyJwt,
  TlsClientAuth,
  type AuthorizationServer,
  type ClientAuth,
  type JsonValue,
} from 'oauth4webapi';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import type { ClientKeys } from './client-keys.js';

/**
 * How the client authenticates (RFC 6749 §2.3, RFC 7523 §2.2, RFC 8705 §2). A method of the client's own puts its
 * credentials in later, in `endpointFetch()`.
 */
export function clientAuthentication(config: OAuth2ClientConfig, keys: ClientKeys): ClientAuth {
  const { clientSecret = '', tokenEndpointAuthMethod, compliance } = config;
  if (compliance.clientAuthMethods.has(tokenEndpointAuthMethod)) return () => undefined;
  switch (tokenEndpointAuthMethod) {
    case 'client_secret_basic':
      return ClientSecretBasic(clientSecret);
    case 'client_secret_post':
      return ClientSecretPost(clientSecret);
    case 'client_secret_jwt':
      return async (server, ...request) => {
        const method = ClientSecretJwt(clientSecret, forAudience(assertionAudience(config, server)));
        await method(server, ...request);
      };
    case 'private_key_jwt':
      return async (server, ...request) => {
        const method = PrivateKeyJwt(await keys.signingKey(), forAudience(assertionAudience(config, server)));
        await method(server, ...request);
      };
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth':
      return TlsClientAuth();
    default:
      return None();
  }
}

/** Who an assertion of the client's is for (RFC 7523 §3). */
export function assertionAudience(config: OAuth2ClientConfig, server: AuthorizationServer): string {
  return config.clientAssertionAudience === 'token_endpoint' ? (server.token_endpoint ?? server.issuer) : server.issuer;
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
