import { processPushedAuthorizationResponse, pushedAuthorizationRequest } from 'oauth4webapi';
import { formEntries } from '../../http/query.js';
import { refuseEndpointError } from '../provider/endpoint-error.js';
import { refusedAnswer } from '../provider/failed-check.js';
import { endpointOptions, requireEndpoint, type Provider } from '../provider/provider.js';
import type { WireParameters } from './authorization-params.js';

/** Gives the request to the provider first; the browser carries a reference to it (RFC 9126 §2). */
export async function pushAuthorizationRequest(
  provider: Provider,
  parameters: WireParameters,
): Promise<WireParameters> {
  const { server, client, authentication, config } = provider;
  requireEndpoint(provider, 'pushed_authorization_request_endpoint');
  const form = new URLSearchParams(formEntries(parameters));
  const options = endpointOptions(provider, { response: refuseEndpointError });
  try {
    const response = await pushedAuthorizationRequest(server, client, authentication, form, options);
    const { request_uri } = await processPushedAuthorizationResponse(server, client, response);
    return { client_id: config.clientId, request_uri };
  } catch (error) {
    throw refusedAnswer(error, 'answer to the pushed authorization request');
  }
}
