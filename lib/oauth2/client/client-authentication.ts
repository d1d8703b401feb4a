import type { ClientAuth } from 'oauth4webapi';
import { CLIENT_AUTH_METHODS, isClientAuthMethod, type ClientCredentials } from '../../config/client-auth-methods.js';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import { OAuthConfigError } from '../../errors/oauth.errors.js';

/**
 * Returns how the client authenticates with a method. A custom method adds its credentials later, in `endpointFetch()`.
 * @throws {OAuthConfigError} for an unknown method: a request without credentials must not leave by accident
 */
export function clientAuthentication(
  { name, clientSecret = '', compliance }: OAuth2ClientConfig,
  method: string,
  credentials: Omit<ClientCredentials, 'clientSecret'>,
): ClientAuth {
  if (compliance.clientAuthMethods.has(method)) return () => undefined;
  if (isClientAuthMethod(method)) return CLIENT_AUTH_METHODS[method].authenticate({ ...credentials, clientSecret });
  throw new OAuthConfigError([`${name}.client_kwargs.token_endpoint_auth_method: unknown`]);
}
