import {
  allowInsecureRequests,
  customFetch,
  dynamicClientRegistrationRequest,
  type Client,
  type OmitSymbolProperties,
} from 'oauth4webapi';
import { endpointResponseReader } from './endpoint-error.js';
import { plainFetch } from './endpoint-fetch.js';
import { refusedAnswer } from './failed-check.js';
import { requireEndpoint, type Provider } from './provider.js';
import { RefusedInput } from '../wire/refused-input.js';

/** What a client says of itself, by the names of RFC 7591 §2: `redirect_uris`, `client_name`, `jwks_uri`, ... */
export type ClientMetadata = Partial<OmitSymbolProperties<Client>>;

/** What the provider says of a client that it has registered (RFC 7591 §3.2.1). Secrets are among it. */
export type RegisteredClient = OmitSymbolProperties<Client> & {
  client_secret?: string;
  token_endpoint_auth_method?: string;
  registration_access_token?: string;
  registration_client_uri?: string;
};

/**
 * Registers a client at its provider (RFC 7591 §3.1). The credentials are given only once, so an answer with a `client_id` is
 * returned, whatever else it lacks, such as `client_secret_expires_at`; each 2xx status is a success.
 * @throws {InvalidTokenError} when the answer has no client_id
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
    throw refusedAnswer(error, 'answer to the registration', [initialAccessToken ?? '']);
  }
}

function readRegistration({ client_secret: secret, ...fields }: Record<string, unknown>): RegisteredClient {
  const clientId = textOf(fields.client_id);
  if (clientId === undefined) throw new RefusedInput('it has no client_id');
  const clientSecret = textOf(secret);
  return { ...fields, client_id: clientId, ...(clientSecret !== undefined && { client_secret: clientSecret }) };
}

/** Some servers write ids and secrets as numbers, or as `null` where there is none. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
