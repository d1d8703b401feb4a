import type { AuthorizationServer } from 'oauth4webapi';
import { CLIENT_AUTH_METHODS, formEncoded } from '../../config/client-auth-methods.js';
import type { OAuth2ClientConfig } from '../../config/client-config.js';

/** Maximum number of methods in an error. */
const MAX_LISTED = 10;
/** The format of registered method names. */
const METHOD = /^\w{1,60}$/;

/**
 * Returns the client authentication method (RFC 6749 §2.3): the method in the settings, or else the default method. If the
 * metadata does not list the default method, returns the first listed method that the client can use.
 */
export function authMethodOf(config: OAuth2ClientConfig, server: AuthorizationServer): string {
  const { tokenEndpointAuthMethod: preferred, namesAuthMethod, compliance } = config;
  const listed = listedMethods(server);
  const isFixed = namesAuthMethod || compliance.clientAuthMethods.has(preferred);
  if (isFixed || listed.length === 0 || listed.includes(preferred)) return preferred;
  const usable = Object.entries(CLIENT_AUTH_METHODS).filter(([, { requires, sendsSecret }]) =>
    config.clientSecretJwt ? sendsSecret : requires && isSet(config[requires]),
  );
  return usable.find(([method]) => listed.includes(method))?.[0] ?? preferred;
}

function isSet(credential: OAuth2ClientConfig['clientSecret' | 'privateKeys']): boolean {
  return typeof credential === 'function' || (credential !== undefined && credential.length > 0);
}

/** Returns advice for a provider that does not accept the client's authentication (`invalid_client`). */
export function authenticationAdvice(config: OAuth2ClientConfig, server: AuthorizationServer): string | undefined {
  const { clientId, clientSecret = '', basicAuthEncoding } = config;
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
  if (config.clientSecretJwt) {
    return (
      'The client secret is a JWT, signed with client_secret_jwt. Check client_id, team_id, key_id, audience and the key, and this ' +
      "server's clock"
    );
  }
  if (
    method !== 'client_secret_basic' ||
    basicAuthEncoding === 'none' ||
    [clientId, clientSecret].every((text) => formEncoded(text) === text)
  ) {
    return undefined;
  }
  return (
    'The client_id or the client_secret has characters that client_secret_basic encodes, and some servers do not decode ' +
    'them. If both values are right, set client_kwargs.token_endpoint_auth_method to client_secret_post, or ' +
    'client_kwargs.basic_auth_encoding to none'
  );
}

function listedMethods({ token_endpoint_auth_methods_supported: listed }: AuthorizationServer): string[] {
  return Array.isArray(listed) ? listed.filter((method) => METHOD.test(method)) : [];
}
