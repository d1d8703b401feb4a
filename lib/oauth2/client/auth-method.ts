import type { AuthorizationServer } from 'oauth4webapi';
import type { OAuth2ClientConfig } from '../../config/client-config.js';

const SECRET_METHODS = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt'];
/** The most methods that an error lists. */
const MAX_LISTED = 10;
/** A name of a method, as one that is registered looks. */
const METHOD = /^\w{1,60}$/;

/**
 * Returns how the client authenticates (RFC 6749 §2.3): with the method that the settings name, or else with the usual one,
 * unless the metadata lists only others of which the client can use one.
 */
export function authMethodOf(config: OAuth2ClientConfig, server: AuthorizationServer): string {
  const { tokenEndpointAuthMethod: usual, namesAuthMethod, clientSecret, privateKeys } = config;
  const listed = listedMethods(server);
  if (namesAuthMethod || listed.length === 0 || listed.includes(usual)) return usual;
  const hasKeys = typeof privateKeys === 'function' || privateKeys.length > 0;
  const usable = [...(clientSecret ? SECRET_METHODS : []), ...(hasKeys ? ['private_key_jwt'] : [])];
  return usable.find((method) => listed.includes(method)) ?? usual;
}

/** Returns what a developer can do when the provider does not accept the client's authentication (`invalid_client`). */
export function authenticationAdvice(config: OAuth2ClientConfig, server: AuthorizationServer): string | undefined {
  const { clientId, clientSecret = '' } = config;
  const method = authMethodOf(config, server);
  const listed = listedMethods(server);
  if (listed.length > 0 && !listed.includes(method)) {
    const methods = listed.slice(0, MAX_LISTED).join(', ');
    return method === 'none'
      ? `The client has no credentials, and the provider's metadata lists ${methods}. Set client_secret, or private_keys ` +
          'and client_kwargs.token_endpoint_auth_method'
      : `The client used ${method}, and the provider's metadata lists ${methods}. Change ` +
          'client_kwargs.token_endpoint_auth_method';
  }
  if (method !== 'client_secret_basic' || [clientId, clientSecret].every((text) => formEncoded(text) === text)) {
    return undefined;
  }
  return (
    'The client_id or the client_secret has characters that client_secret_basic encodes, and some servers do not decode ' +
    'them. If both values are right, set client_kwargs.token_endpoint_auth_method to client_secret_post'
  );
}

/**
 * Encodes a client id or a secret for HTTP Basic (RFC 6749 §2.3.1). Characters that need no encoding stay as they are, since
 * some servers compare the values without decoding them.
 */
export function formEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+');
}

function listedMethods({ token_endpoint_auth_methods_supported: listed }: AuthorizationServer): string[] {
  return Array.isArray(listed) ? listed.filter((method) => METHOD.test(method)) : [];
}
