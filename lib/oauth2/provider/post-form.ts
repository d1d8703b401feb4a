import type { JsonWebKey } from 'node:crypto';
import type { AuthorizationServer, Client, ClientAuth } from 'oauth4webapi';
import { formEntries } from '../../http/query.js';
import { endpointAsksForNonce, withProofs } from '../client/dpop-proofs.js';
import { endpointResponseReader } from './endpoint-error.js';
import { refusedAnswer } from './failed-check.js';
import { secretsIn } from './sent-values.js';
import { authenticationAt, endpointOptions, requireEndpoint, type Endpoint, type Provider } from './provider.js';

/** An endpoint that a form is posted to, by `oauth4webapi`. */
export interface FormEndpoint<Answer> {
  endpoint: Endpoint;
  /** What is asked for there, as an error says it. */
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
  /** Repairs the fields of a non-standard answer before `read` checks them; an answer that is not JSON has none. */
  normalize?: (fields: Record<string, unknown>) => Record<string, unknown>;
}

/**
 * Posts parameters to one of the provider's endpoints, as the client that is authenticated.
 * @param dpopKey the private JWK that a proof is sent of (RFC 9449)
 * @throws {OAuthConfigError} when there is no such endpoint
 * @throws {OAuthError} the provider's error, or `token_invalid` for a success that a check refused
 * @throws {ProviderError} for another failure, with its status
 */
export async function postForm<Answer>(
  provider: Provider,
  { endpoint, what, status, send, read, normalize }: FormEndpoint<Answer>,
  parameters: Record<string, unknown>,
  dpopKey?: JsonWebKey,
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
      throw refusedAnswer(error, `answer to the ${what} request`, secrets);
    }
  });
}
