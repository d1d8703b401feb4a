import type { TokenEndpointResponse } from '../../http/messages.js';
import { OAuthError } from '../../errors/oauth.errors.js';
import { tokenEndpointError } from '../provider/provider-error.js';
import { errorsIn, refusesRefreshToken } from './refusal-words.js';

/** Fields of a provider's error that name it, and that explain it, the standard's first. */
const CODES = ['error', 'errorType', 'error_type', 'type', 'error_code', 'errorCode', 'code', 'status'];
const DESCRIPTIONS = ['error_description', 'message', 'reason', 'detail'];

/** Grants of which a refusal says that the user has to sign in again. */
const USER_GRANTS = ['authorization_code', 'refresh_token'];

/**
 * Returns the error in a token response, in whichever form the provider sends it; undefined where there is none. A refresh
 * that is refused has the code `invalid_grant`, whichever word the provider uses.
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

/** What a provider that says nothing else means by 400; 401 may as well be about the client. */
function isEmptyRefusal({ status, text }: TokenEndpointResponse, data: Record<string, unknown>): boolean {
  return status === 400 && Object.keys(data).length === 0 && /^\s*(\{\s*\}|\[\s*\]|null|"")?\s*$/.test(text);
}

function refusal(data: Record<string, unknown>, answer: TokenEndpointResponse): OAuthError {
  const { error, error_description: said, ...details } = standardError(data);
  const isOwnWord = error !== undefined && error !== 'invalid_grant';
  const description = [...(isOwnWord ? [`the provider answered "${error}"`] : []), ...(said ? [said] : [])].join(': ');
  return tokenEndpointError(
    { ...details, error: 'invalid_grant', error_description: description || undefined },
    answer,
  );
}

/** Returns an error in the form of RFC 6749 §5.2: the first code and the first description that the answer has. */
function standardError(data: Record<string, unknown>): { error?: string; error_description?: string } {
  const errors = errorsIn(data);
  const error = firstText(errors, CODES);
  return { ...data, error, error_description: firstText(errors, DESCRIPTIONS) };
}

function firstText(errors: Record<string, unknown>[], names: readonly string[]): string | undefined {
  const values = errors.flatMap((error) => names.map((name) => error[name]));
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}
