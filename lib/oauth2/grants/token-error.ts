import type { TokenEndpointResponse } from '../../http/messages.js';
import { OAuthError } from '../../errors/oauth.errors.js';
import { tokenEndpointError } from '../provider/provider-error.js';
import { errorsIn, refusesRefreshToken } from './refusal-words.js';

/** Fields with the code and with the description of a provider's error. The standard field is first. */
const CODES = ['error', 'errorType', 'error_type', 'type', 'error_code', 'errorCode', 'code', 'status'];
const DESCRIPTIONS = [
  'error_description',
  'message',
  'reason',
  'detail',
  'errmsg',
  'error_msg',
  'error_message',
  'msg',
];
/** Fields with a number that is an error unless it is 0 (WeChat's `errcode`). */
const ERROR_NUMBERS = ['errcode', 'error_code', 'errno'];
/** Fields with a number that may also be the HTTP status or a success (Withings' `status`, Feishu's `code`). */
const STATUS_NUMBERS = ['status', 'code'];
/** A response that is text instead of an error (Deezer). */
const REFUSED_CODE = /^\s*"?wrong code"?\s*$/i;

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
  if (grantType === 'authorization_code' && REFUSED_CODE.test(answer.text)) {
    const description = 'the token endpoint refused the code: it answered "wrong code". Sign in again';
    return new OAuthError('invalid_grant', { description, status: 400, answered: answer });
  }
  return isError(data, status) ? tokenEndpointError(standardError(data, status), answer) : undefined;
}

function isError(data: Record<string, unknown>, status: number): boolean {
  const hasError = errorsIn(data).length > 1 || (typeof data.error === 'string' && data.error !== '');
  return hasError || data.ok === false || errorNumber(data, status) !== undefined;
}

/** Returns the number of an error, as the code of the error. The number of a failure with an HTTP status is not needed. */
function errorNumber(data: Record<string, unknown>, status: number): string | undefined {
  const names = status < 300 ? [...ERROR_NUMBERS, ...STATUS_NUMBERS] : ERROR_NUMBERS;
  const numbers = names.flatMap((name) => (typeof data[name] === 'number' ? [data[name]] : []));
  return numbers.find((number) => number !== 0 && number !== 200)?.toString();
}

/** Returns whether a response is a 400 without a body, which means a refusal. A 401 may also be about the client. */
function isEmptyRefusal({ status, text }: TokenEndpointResponse, data: Record<string, unknown>): boolean {
  return status === 400 && Object.keys(data).length === 0 && /^\s*(\{\s*\}|\[\s*\]|null|"")?\s*$/.test(text);
}

function refusal(data: Record<string, unknown>, answer: TokenEndpointResponse): OAuthError {
  const { error, error_description: explanation, ...details } = standardError(data, answer.status);
  const isCustomCode = error !== undefined && error !== 'invalid_grant';
  const parts = [...(isCustomCode ? [`the provider answered "${error}"`] : []), ...(explanation ? [explanation] : [])];
  const description = parts.join(': ');
  return tokenEndpointError(
    { ...details, error: 'invalid_grant', error_description: description || undefined },
    answer,
  );
}

/** Returns an error in the format of RFC 6749 §5.2, with the first code and the first description in the response. */
function standardError(data: Record<string, unknown>, status: number): { error?: string; error_description?: string } {
  const errors = errorsIn(data);
  const error = firstText(errors, CODES);
  return { ...data, error: error ?? errorNumber(data, status), error_description: firstText(errors, DESCRIPTIONS) };
}

function firstText(errors: Record<string, unknown>[], names: readonly string[]): string | undefined {
  const values = errors.flatMap((error) => names.map((name) => error[name]));
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}
