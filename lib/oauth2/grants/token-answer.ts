import type { TokenEndpointResponse } from '../../config/compliance-fix.js';
import { InvalidTokenError, ProviderError, UnsupportedTokenTypeError } from '../../oauth.errors.js';
import { jsonResponse } from '../provider/endpoint-fetch.js';
import { tokenEndpointError } from '../provider/provider-error.js';
import { checkJwt } from '../wire/jwt.js';

/** Fields that providers are known to send empty. */
const OPTIONAL_FIELDS = ['refresh_token', 'scope', 'expires_in', 'id_token'];
/** What is expected of a token response. */
export interface ExpectedResponse {
  /** Whether the id_token is checked: the provider's issuer is known. */
  checksIdToken: boolean;
  /** In lower case. */
  tokenTypes: readonly string[];
}

/** A token response that the strict check can read. */
export interface NormalizedResponse {
  response: Response;
  /** The provider's `id_token`, where nothing is known to check it against. It is not in the response. */
  uncheckedIdToken?: unknown;
}

/**
 * Prepares a token response for the strict check, after the compliance hooks: errors become errors whatever their status,
 * and optional fields that are empty, or an `expires_in` that is not a number, are left out.
 * @throws {OAuthError} for the provider's error (RFC 6749 §5.2)
 * @throws {ProviderError} for another failure
 * @throws {InvalidTokenError} for an answer that is not JSON, or an id_token that is too long to be checked
 * @throws {UnsupportedTokenTypeError} for another `token_type` than was asked for
 */
export function normalizeTokenResponse(
  answer: TokenEndpointResponse,
  { checksIdToken, tokenTypes }: ExpectedResponse,
): NormalizedResponse {
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
  const { id_token: idToken, ...rest } = Object.fromEntries(
    Object.entries(data).filter(([name, value]) => !isEmptyField(name, value)),
  );
  if (!checksIdToken) return { response: jsonResponse(rest), uncheckedIdToken: idToken };
  if (typeof idToken === 'string' && idToken) checkJwt(idToken);
  return { response: jsonResponse({ ...rest, ...(idToken !== undefined && { id_token: idToken }) }) };
}

function isEmptyField(name: string, value: unknown): boolean {
  if (value === undefined) return true;
  if (!OPTIONAL_FIELDS.includes(name)) return false;
  if (name === 'expires_in') return !isPositive(value);
  return value === null || value === '' || (name === 'refresh_token' && typeof value !== 'string');
}

function isPositive(value: unknown): boolean {
  const number = typeof value === 'number' || typeof value === 'string' ? Number.parseFloat(String(value)) : NaN;
  return Number.isFinite(number) && number > 0;
}
