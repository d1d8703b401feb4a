import type { TokenEndpointResponse } from '../../config/compliance-fix.js';
import { InvalidTokenError, ProviderError, UnsupportedTokenTypeError } from '../../oauth.errors.js';
import { jsonResponse } from '../provider/endpoint-fetch.js';
import { tokenEndpointError } from '../provider/provider-error.js';
import { checkJwt } from '../wire/jwt.js';

/** Fields that providers are known to send empty. */
const OPTIONAL_FIELDS = ['refresh_token', 'scope', 'expires_in', 'id_token'];
/** Under this name an id_token passes the strict check as it is: nothing is known to check it against. */
const UNCHECKED_ID_TOKEN = 'idToken';

/** What is expected of a token answer. */
export interface ExpectedAnswer {
  checksIdToken: boolean;
  /** In lower case. */
  tokenTypes: readonly string[];
}

/**
 * Prepares a token answer for the strict check, after the compliance hooks: errors become errors whatever their status,
 * and what is optional and empty, or an `expires_in` that is no number, is left out.
 * @throws {OAuthError} for the provider's error (RFC 6749 §5.2)
 * @throws {ProviderError} for another failure
 * @throws {InvalidTokenError} for an answer that is not JSON
 * @throws {UnsupportedTokenTypeError} for another `token_type` than was asked for
 */
export function mendTokenAnswer(
  answer: TokenEndpointResponse,
  { checksIdToken, tokenTypes }: ExpectedAnswer,
): Response {
  const { status, headers, text, data } = answer;
  if (typeof data.error === 'string' && data.error && !data.access_token) throw tokenEndpointError(data, answer);
  const what = `${status} ${headers['content-type'] ?? 'without a content type'}, ${text.length} characters`;
  if (status < 200 || status > 299) {
    throw new ProviderError({ description: `the token endpoint answered ${what}`, answered: answer });
  }
  if (Object.keys(data).length === 0) {
    throw new InvalidTokenError({
      description: `the token endpoint answered ${what}; expected a JSON object. Another format can be read by an \`access_token_response\` hook`,
    });
  }
  if (typeof data.token_type === 'string' && !tokenTypes.includes(data.token_type.toLowerCase())) {
    throw new UnsupportedTokenTypeError({
      description: `the token endpoint gave a token of a type other than "${tokenTypes.includes('dpop') ? 'DPoP' : 'Bearer'}"`,
    });
  }
  if (checksIdToken && typeof data.id_token === 'string' && data.id_token) checkJwt(data.id_token);
  const fields = Object.entries(data)
    .filter(([name, value]) => !isEmptyField(name, value))
    .map(([name, value]) => [name === 'id_token' && !checksIdToken ? UNCHECKED_ID_TOKEN : name, value] as const);
  return jsonResponse(Object.fromEntries(fields));
}

function isEmptyField(name: string, value: unknown): boolean {
  if (value === undefined) return true;
  if (!OPTIONAL_FIELDS.includes(name)) return false;
  return name === 'expires_in' ? !isPositive(value) : value === null || value === '';
}

function isPositive(value: unknown): boolean {
  return (typeof value === 'number' || typeof value === 'string') && Number.parseFloat(String(value)) > 0;
}
