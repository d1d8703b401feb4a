import type { TokenEndpointResponse } from '../../config/compliance-fix.js';
import { mendedResponse } from './endpoint-fetch.js';
import { tokenEndpointError } from './provider-error.js';

/**
 * Lets an answer through to its checks, unless it is an error.
 * @throws {OAuthError} the provider's error, whatever its status (RFC 6749 §5.2)
 */
export function refuseEndpointError(answer: TokenEndpointResponse): Response {
  if (typeof answer.data.error === 'string' && answer.data.error) throw tokenEndpointError(answer.data, answer);
  return mendedResponse(answer);
}
