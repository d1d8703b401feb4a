import type { TokenEndpointResponse } from '../../http/messages.js';
import { OAuthError } from '../../errors/oauth.errors.js';
import { tokenEndpointError } from '../provider/provider-error.js';
import { errorsIn, refusesRefreshToken } from './refusal-words.js';

/** Fields with the code and with the description of a provider's error. The standard field is first. */
const CODES = ['error', 'errorType', 'error_type', 'type', 'error_code', 'errorCode', 'code', 'status'];
const DESCRIPTIONS = ['error_description', 'message', 'reason', 'detail'];

/** Grants for which a refusal means that the user must sign in again. */
const USER_GRANTS = ['authorization_code', 'refresh_token'];

/**
 * Returns the error in a token response, in any format, or undefined if there is none. The error of a refused refresh always has the
 * code `invalid_grant`.
 * @param data the fields of the response, without an access token
 */
export function tokenErrorIn(
  answer: TokenEndpointResponse,
  data: Record<string, unknown>,
  grantType: string,
): OAuthError | undefined {
  const { status } = answer;
  if (grantType === 'refresh_token' && refusesRefreshToken(status, data)) return refusal(data, answer);
  if (isEmptyRefusal(answer, data) && USER_GRANTS.includes(grantType)) {
    const what = grantType === 'refresh_token' ? 'refresh token' : 'code';
    const description = `the token endpoint refused the ${what}: it answered 400 without a body. Sign in again`;
    return new OAuthError('invalid_grant', { description, status: 400, answered: answer });
  }
  const isError = errorsIn(data).length > 1 || (typeof data.error === 'string' && data.error !== '');
  return isError ? tokenEndpointError(standardError(data), answer) : undefined;
}

/** Returns whether a response is a 400 without a body, which means a refusal. A 401 may also be about the client. */
function isEmptyRefusal({ status, text }: TokenEndpointResponse, data: Record<string, unknown>): boolean {
  return status === 400 && Object.keys(data).length === 0 && /^\s*(\{\s*\}|\[\s*\]|null|"")?\s*$/.test(text);
}

function refusal(data: Record<string, unknown>, answer: TokenEndpointResponse): OAuthError {
  const { error, error_description: explanation, ...details } = standardError(data);
  const isCustomCode = error !== undefined && error !== 'invalid_grant';
  const parts = [...(isCustomCode ? [`the provider answered "${error}"`] : []), ...(explanation ? [explanation] : [])];
  const description = parts.join(': ');
  return tokenEndpointError(
    { ...details, error: 'invalid_grant', error_description: description || undefined },
    answer,
  );
}

/** Returns an error in the format of RFC 6749 §5.2, with the first code and the first description in the response. */
function standardError(data: Record<string, unknown>): { error?: string; error_description?: string } {
  const errors = errorsIn(data);
  const error = firstText(errors, CODES);
  return { ...data, error, error_description: firstText(errors, DESCRIPTIONS) };
}

function firstText(errors: Record<string, unknown>[], names: readonly string[]): string | undefined {
  const values = errors.flatMap((error) => names.map((name) => error[name]));
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}
