import type { EndpointRequest } from '../../http/messages.js';
import { formEntries } from '../../http/query.js';

/** Parameters whose values are not secret and help to understand an error. */
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

/** Returns the secret values in the parameters of a request, which errors must not repeat: codes, tokens, verifiers, secrets. */
export function secretsIn(parameters: Record<string, unknown>): string[] {
  return formEntries(parameters).flatMap(([name, value]) => (PUBLIC.has(name) ? [] : [value]));
}

/** Returns the secret values in a request, which errors must not repeat. */
export function sentValues({ headers, body }: EndpointRequest): string[] {
  const { authorization = '', dpop = '' } = headers;
  const [, credentials = ''] = authorization.split(' ', 2);
  const secret = Buffer.from(credentials, 'base64')
    .toString()
    .replace(/^[^:]*:?/, '');
  const decoded = new URLSearchParams(`secret=${secret}`).get('secret') ?? '';
  return [...secretsIn(Object.fromEntries(body)), authorization, credentials, dpop, secret, decoded];
}
