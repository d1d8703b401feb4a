import {
  customFetch,
  introspectionRequest,
  processIntrospectionResponse,
  processRevocationResponse,
  revocationRequest,
  type IntrospectionResponse,
} from 'oauth4webapi';
import { endpointFetch } from './endpoint-fetch.js';
import { refusedAnswer } from './provider-error.js';
import { ALLOW_HTTP, clientAuthentication, clientOf, requireEndpoint, type Provider } from './provider.js';

/** Which token is meant (RFC 7009 §2.1). */
export type TokenTypeHint = 'access_token' | 'refresh_token';

/** Revokes a token (RFC 7009 §2). */
export async function revokeToken(provider: Provider, token: string, hint: TokenTypeHint): Promise<void> {
  requireEndpoint(provider, 'revocation_endpoint');
  try {
    const options = managementOptions(provider, 'revoke_token_request', hint);
    const authentication = clientAuthentication(provider);
    await processRevocationResponse(
      await revocationRequest(provider.server, clientOf(provider), authentication, token, options),
    );
  } catch (error) {
    throw refusedAnswer(error);
  }
}

/** Asks the provider about a token (RFC 7662 §2). */
export async function introspectToken(
  provider: Provider,
  token: string,
  hint: TokenTypeHint,
): Promise<IntrospectionResponse> {
  requireEndpoint(provider, 'introspection_endpoint');
  try {
    const client = clientOf(provider);
    const options = managementOptions(provider, 'introspect_token_request', hint);
    const authentication = clientAuthentication(provider);
    const response = await introspectionRequest(provider.server, client, authentication, token, options);
    return await processIntrospectionResponse(provider.server, client, response);
  } catch (error) {
    throw refusedAnswer(error);
  }
}

function managementOptions(
  { config, http }: Provider,
  hook: 'revoke_token_request' | 'introspect_token_request',
  hint: TokenTypeHint,
) {
  return {
    ...ALLOW_HTTP,
    additionalParameters: { token_type_hint: hint },
    [customFetch]: endpointFetch(http, config, { request: (request) => config.compliance.run(hook, request) }),
  };
}
