import {
  introspectionRequest,
  processIntrospectionResponse,
  processRevocationResponse,
  revocationRequest,
  validateApplicationLevelSignature,
  type IntrospectionResponse,
} from 'oauth4webapi';
import { refuseEndpointError } from '../provider/endpoint-error.js';
import { refusedAnswer } from '../provider/failed-check.js';
import { endpointOptions, requireEndpoint, signatureOptions, type Provider } from '../provider/provider.js';

/** Which token is meant (RFC 7009 §2.1). */
export type TokenTypeHint = 'access_token' | 'refresh_token';

/** Revokes a token (RFC 7009 §2). */
export async function revokeToken(provider: Provider, token: string, hint: TokenTypeHint): Promise<void> {
  const { server, client, authentication } = provider;
  requireEndpoint(provider, 'revocation_endpoint');
  try {
    const options = managementOptions(provider, 'revoke_token_request', hint);
    await processRevocationResponse(await revocationRequest(server, client, authentication, token, options));
  } catch (error) {
    throw refusedAnswer(error, 'answer to the revocation');
  }
}

/** Asks the provider about a token (RFC 7662 §2); a signed answer is checked (RFC 9701). */
export async function introspectToken(
  provider: Provider,
  token: string,
  hint: TokenTypeHint,
): Promise<IntrospectionResponse> {
  const { server, client, authentication } = provider;
  requireEndpoint(provider, 'introspection_endpoint');
  try {
    const options = managementOptions(provider, 'introspect_token_request', hint);
    const response = await introspectionRequest(server, client, authentication, token, options);
    const isSigned = response.headers.get('content-type')?.startsWith('application/token-introspection+jwt');
    const answer = await processIntrospectionResponse(server, client, response, signatureOptions(provider));
    if (isSigned) await validateApplicationLevelSignature(server, response, signatureOptions(provider));
    else if (client.introspection_signed_response_alg)
      throw new TypeError('it is not signed, expected a JWT (RFC 9701)');
    return answer;
  } catch (error) {
    throw refusedAnswer(error, 'answer to the introspection');
  }
}

function managementOptions(
  provider: Provider,
  hook: 'revoke_token_request' | 'introspect_token_request',
  hint: TokenTypeHint,
) {
  return {
    ...endpointOptions(provider, {
      request: (request) => provider.config.compliance.run(hook, request),
      response: refuseEndpointError,
    }),
    additionalParameters: { token_type_hint: hint },
  };
}
