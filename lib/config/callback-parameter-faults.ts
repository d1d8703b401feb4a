import { RESERVED, UNSAFE_NAMES } from '../token/reserved-names.js';
import { isRecord } from './is-record.js';
import type { Settings } from './setting-keys.js';

/** Parameters of authorization responses (RFC 6749 §4.1.2 and §4.2.2, OpenID Connect, JARM), of OAuth 1 and of Shopify's signature. */
const PROTOCOL_NAMES = [
  ...['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'response', 'id_token', 'access_token'],
  ...['oauth_token', 'oauth_verifier', 'oauth_problem', 'denied', 'hmac'],
];
/** Parameters of token requests that the library sets: the grant and the client authentication. */
const REQUEST_NAMES = [
  ...['grant_type', 'redirect_uri', 'code_verifier', 'refresh_token', 'scope', 'resource'],
  ...['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'],
];

const NOT_KEPT = new Set([...PROTOCOL_NAMES, ...REQUEST_NAMES, ...RESERVED.oauth2, ...UNSAFE_NAMES]);
const NOT_REPEATED = new Set([...NOT_KEPT].filter((name) => name !== 'state'));

/** Returns a fault for each callback parameter that would replace a parameter of the protocol, or a field of the token. */
export function callbackParameterFaults({ callbackParameters, tokenRequest }: Settings): string[] {
  const repeated = isRecord(tokenRequest) ? tokenRequest.callbackParameters : undefined;
  return [
    ...refusedNames(callbackParameters, NOT_KEPT).map((name) => `callback_parameters: ${sentenceFor(name)}`),
    ...refusedNames(repeated, NOT_REPEATED).map((name) => `token_request.callback_parameters: ${sentenceFor(name)}`),
  ];
}

/** Returns the refused names only: a fault must not repeat any other value of the settings. */
function refusedNames(names: unknown, refused: ReadonlySet<string>): string[] {
  return Array.isArray(names) ? [...refused].filter((name) => names.includes(name)) : [];
}

function sentenceFor(name: string): string {
  return `"${name}" is a name of the protocol or of the token; expected the names of other parameters. Remove it`;
}
