import type { EndpointRequest } from '../../http/messages.js';
import { formEntries } from '../../http/query.js';

/** Parameters whose values are no secrets, and help to understand an error. */
const PUBLIC = new Set([
  'acr_values',
  'actor_token_type',
  'audience',
  'claims',
  'client_assertion_type',
  'client_id',
  'code_challenge_method',
  'grant_type',
  'max_age',
  'prompt',
  'redirect_uri',
  'requested_token_type',
  'resource',
  'response_mode',
  'response_type',
  'scope',
  'subject_token_type',
  'token_type_hint',
]);

/** Returns the values among the parameters of a request that no error may repeat: codes, tokens, verifiers, secrets. */
export function secretsIn(parameters: Record<string, unknown>): string[] {
  return formEntries(parameters).flatMap(([name, value]) => (PUBLIC.has(name) ? [] : [value]));
}

/** Returns the values of a request, as it was sent, that no error may repeat. */
export function sentValues({ headers, body }: EndpointRequest): string[] {
  const { authorization = '', dpop = '' } = headers;
  const [, credentials = ''] = authorization.split(' ', 2);
  const [, secret = ''] = Buffer.from(credentials, 'base64').toString().split(':');
  const decoded = new URLSearchParams(`secret=${secret}`).get('secret') ?? '';
  return [...secretsIn(Object.fromEntries(body)), authorization, credentials, dpop, secret, decoded];
}
