import {
  allowInsecureRequests,
  customFetch,
  dynamicClientRegistrationRequest,
  processDynamicClientRegistrationResponse,
  type Client,
  type OmitSymbolProperties,
} from 'oauth4webapi';
import { endpointAnswer } from '../provider/endpoint-error.js';
import { plainFetch } from '../provider/endpoint-fetch.js';
import { refusedAnswer } from '../provider/failed-check.js';
import { requireEndpoint, type Provider } from '../provider/provider.js';

/** What a client says of itself, by the names of RFC 7591 §2: `redirect_uris`, `client_name`, `jwks_uri`, ... */
export type ClientMetadata = Partial<OmitSymbolProperties<Client>>;

/** What the provider says of a client that it has registered (RFC 7591 §3.2.1). Secrets are among it. */
export type RegisteredClient = OmitSymbolProperties<Client> & {
  client_secret?: string;
  token_endpoint_auth_method?: string;
  registration_access_token?: string;
  registration_client_uri?: string;
};

/** Registers a client at its provider (RFC 7591 §3.1). */
export async function registerClient(
  provider: Provider,
  metadata: ClientMetadata,
  initialAccessToken: string | undefined,
): Promise<RegisteredClient> {
  const { server, http, config } = provider;
  requireEndpoint(provider, 'registration_endpoint');
  const options = {
    [allowInsecureRequests]: config.allowInsecureHttp,
    [customFetch]: plainFetch(http, endpointAnswer({ what: 'registration', status: 201 })),
    initialAccessToken,
  };
  try {
    const response = await dynamicClientRegistrationRequest(server, metadata, options);
    return await processDynamicClientRegistrationResponse(response);
  } catch (error) {
    throw refusedAnswer(error, 'answer to the registration', [initialAccessToken ?? '']);
  }
}
