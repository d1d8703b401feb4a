import {
  allowInsecureRequests,
  customFetch,
  dynamicClientRegistrationRequest,
  type Client,
  type OmitSymbolProperties,
} from 'oauth4webapi';
import { endpointResponseReader } from './endpoint-error.js';
import { plainFetch } from './endpoint-fetch.js';
import { refusedResponse } from './failed-check.js';
import { requireEndpoint, type Provider } from './provider.js';
import { RefusedInput } from '../wire/refused-input.js';

/** Client metadata with the names of RFC 7591 §2, such as `redirect_uris`, `client_name` and `jwks_uri`. */
export type ClientMetadata = Partial<OmitSymbolProperties<Client>>;

/** The provider's registration response (RFC 7591 §3.2.1). It contains secrets. */
export type RegisteredClient = OmitSymbolProperties<Client> & {
  client_secret?: string;
  token_endpoint_auth_method?: string;
  registration_access_token?: string;
  registration_client_uri?: string;
};

/**
 * Registers a client at its provider (RFC 7591 §3.1). The provider sends the credentials only once, so every 2xx response with a
 * `client_id` is returned, even if required fields such as `client_secret_expires_at` are missing.
 * @throws {InvalidTokenError} when the response has no client_id
 */
export async function registerClient(
  provider: Provider,
  metadata: ClientMetadata,
  initialAccessToken: string | undefined,
): Promise<RegisteredClient> {
  const { server, http, config } = provider;
  requireEndpoint(provider, 'registration_endpoint');
  const options = {
    [allowInsecureRequests]: config.allowInsecureHttp,
    [customFetch]: plainFetch(http, endpointResponseReader({ what: 'registration', status: 201 })),
    initialAccessToken,
  };
  try {
    const response = await dynamicClientRegistrationRequest(server, metadata, options);
    return readRegistration((await response.json()) as Record<string, unknown>);
  } catch (error) {
    throw refusedResponse(error, 'answer to the registration', [initialAccessToken ?? '']);
  }
}

function readRegistration({ client_secret: secret, ...fields }: Record<string, unknown>): RegisteredClient {
  const clientId = textOf(fields.client_id);
  if (clientId === undefined) throw new RefusedInput('it has no client_id');
  const clientSecret = textOf(secret);
  return { ...fields, client_id: clientId, ...(clientSecret !== undefined && { client_secret: clientSecret }) };
}

/** Reads an id or a secret. Some servers send a number, or `null` if there is none. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
