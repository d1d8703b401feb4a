import {
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
import { formEncoded } from './auth-method.js';
import type { ClientKeys } from './client-keys.js';

/**
 * Returns how the client authenticates with a method (RFC 6749 §2.3, RFC 7523 §2.2, RFC 8705 §2). A custom method adds its
 * credentials later, in `endpointFetch()`.
 * @param audience who an assertion of the client is for
 */
export function clientAuthentication(
  { clientSecret = '', compliance }: OAuth2ClientConfig,
  method: string,
  keys: ClientKeys,
  audience: string,
): ClientAuth {
  if (compliance.clientAuthMethods.has(method)) return () => undefined;
  switch (method) {
    case 'client_secret_basic':
      return clientSecretBasic(clientSecret);
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

/** Encodes less than the one of `oauth4webapi`; see `formEncoded()`. */
function clientSecretBasic(clientSecret: string): ClientAuth {
  return (_server, { client_id: clientId }, _body, headers) => {
    const credentials = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`;
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
  };
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
