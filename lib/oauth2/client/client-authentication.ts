import type { ClientAuth } from 'oauth4webapi';
import { CLIENT_AUTH_METHODS, isClientAuthMethod, type ClientCredentials } from '../../config/client-auth-methods.js';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import { OAuthConfigError } from '../../errors/oauth.errors.js';

/**
 * Returns the implementation of a client authentication method. A custom method adds its credentials later, in `endpointFetch()`.
 * @throws {OAuthConfigError} when the method is unknown, so that a request is never sent without credentials by mistake
 */
export function clientAuthentication(
  { name, basicAuthEncoding, compliance }: OAuth2ClientConfig,
  method: string,
  credentials: Omit<ClientCredentials, 'basicAuthEncoding'>,
): ClientAuth {
  if (compliance.clientAuthMethods.has(method)) return () => undefined;
  if (isClientAuthMethod(method)) {
    return CLIENT_AUTH_METHODS[method].authenticate({ ...credentials, basicAuthEncoding });
  }
  throw new OAuthConfigError([`${name}.client_kwargs.token_endpoint_auth_method: unknown`]);
}
