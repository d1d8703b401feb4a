import type { JWK } from 'jose';
import { processPushedAuthorizationResponse as read, pushedAuthorizationRequest as send } from 'oauth4webapi';
import { readLifetime } from '../../token/expiry.js';
import { postForm } from '../provider/post-form.js';
import type { Provider } from '../provider/provider.js';
import type { WireParameters } from '../wire/parameters.js';

const ENDPOINT = {
  endpoint: 'pushed_authorization_request_endpoint',
  what: 'pushed authorization',
  status: 201,
  send,
  read,
  normalize: withLifetime,
} as const;

/** Adds a missing or invalid `expires_in`, because `oauth4webapi` requires it. This library does not use it. */
function withLifetime(fields: Record<string, unknown>): Record<string, unknown> {
  if (fields.request_uri === undefined) return fields;
  return { ...fields, expires_in: readLifetime(fields.expires_in) ?? 0 };
}

/**
 * Sends the authorization parameters to the provider. Returns the parameters for the browser, which refer to them (RFC 9126 §2).
 * @param dpopKey the key to which the token will be bound; some providers require its proof in this request (RFC 9449 §10.1)
 */
export async function pushedAuthorizationRequest(
  provider: Provider,
  parameters: WireParameters,
  dpopKey: JWK | undefined,
): Promise<WireParameters> {
  const { request_uri } = await postForm(provider, ENDPOINT, parameters, dpopKey);
  return { client_id: provider.config.clientId, request_uri };
}
