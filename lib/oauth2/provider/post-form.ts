import type { JWK } from 'jose';
import type { AuthorizationServer, Client, ClientAuth } from 'oauth4webapi';
import { formEntries } from '../../http/query.js';
import { endpointAsksForNonce, withProofs } from '../client/dpop-proofs.js';
import { endpointResponseReader } from './endpoint-error.js';
import { refusedResponse } from './failed-check.js';
import { secretsIn } from './sent-values.js';
import { authenticationAt, endpointOptions, requireEndpoint, type Endpoint, type Provider } from './provider.js';

/** An endpoint that receives a form POST from `oauth4webapi`. */
export interface FormEndpoint<Answer> {
  endpoint: Endpoint;
  /** The name of the request in errors. */
  what: string;
  /** The status of a success. @default 200 */
  status?: 200 | 201;
  send: (
    server: AuthorizationServer,
    client: Client,
    authentication: ClientAuth,
    parameters: URLSearchParams,
    options: ReturnType<typeof endpointOptions> & { headers?: Record<string, string> },
  ) => Promise<Response>;
  read: (server: AuthorizationServer, client: Client, response: Response) => Promise<Answer>;
  /** Repairs the fields of a non-standard response before `read` validates them. A response that is not JSON has no fields. */
  normalize?: (fields: Record<string, unknown>) => Record<string, unknown>;
}

/**
 * Posts parameters to an endpoint of the provider with client authentication. Returns the validated response.
 * @param dpopKey the private JWK for a proof (RFC 9449)
 * @throws {OAuthConfigError} when neither the settings nor the metadata have the endpoint
 * @throws {OAuthError} when the response contains an error, or (`token_invalid`) when a check refuses the response
 * @throws {ProviderError} when the request fails in another way
 */
export async function postForm<Answer>(
  provider: Provider,
  { endpoint, what, status, send, read, normalize }: FormEndpoint<Answer>,
  parameters: Record<string, unknown>,
  dpopKey?: JWK,
): Promise<Answer> {
  const { server, client } = provider;
  const url = requireEndpoint(provider, endpoint);
  const authentication = authenticationAt(provider, endpoint);
  const form = new URLSearchParams(formEntries(parameters));
  const readResponse = endpointResponseReader({ what, status });
  const secrets = secretsIn(parameters);
  return withProofs(provider.dpopKeys, async (proofs) => {
    const options = endpointOptions(provider, {
      response: (answer) => {
        if (dpopKey) proofs.receive(url, answer.headers, endpointAsksForNonce(answer));
        return readResponse(normalize ? { ...answer, data: normalize(answer.data) } : answer);
      },
    });
    const headers = dpopKey && { dpop: await proofs.make(dpopKey, { method: 'POST', url }) };
    try {
      const response = await send(server, client, authentication, form, { ...options, ...(headers && { headers }) });
      return await read(server, client, response);
    } catch (error) {
      throw refusedResponse(error, `answer to the ${what} request`, secrets);
    }
  });
}
