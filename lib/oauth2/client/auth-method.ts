import type { AuthorizationServer } from 'oauth4webapi';
import { CLIENT_AUTH_METHODS, formEncoded } from '../../config/client-auth-methods.js';
import type { OAuth2ClientConfig } from '../../config/client-config.js';

/** The most methods that an error lists. */
const MAX_LISTED = 10;
/** A name of a method, as one that is registered looks. */
const METHOD = /^\w{1,60}$/;

/**
 * Returns how the client authenticates (RFC 6749 §2.3): with the method that the settings name, or else with the usual one,
 * unless the metadata lists only others of which the client can use one.
 */
export function authMethodOf(config: OAuth2ClientConfig, server: AuthorizationServer): string {
  const { tokenEndpointAuthMethod: usual, namesAuthMethod, compliance } = config;
  const listed = listedMethods(server);
  const isDecided = namesAuthMethod || compliance.clientAuthMethods.has(usual);
  if (isDecided || listed.length === 0 || listed.includes(usual)) return usual;
  const usable = Object.entries(CLIENT_AUTH_METHODS).filter(([, { requires }]) => requires && hasSet(config[requires]));
  return usable.find(([method]) => listed.includes(method))?.[0] ?? usual;
}

function hasSet(credential: OAuth2ClientConfig['clientSecret' | 'privateKeys']): boolean {
  return typeof credential === 'function' || (credential !== undefined && credential.length > 0);
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

function listedMethods({ token_endpoint_auth_methods_supported: listed }: AuthorizationServer): string[] {
  return Array.isArray(listed) ? listed.filter((method) => METHOD.test(method)) : [];
}
