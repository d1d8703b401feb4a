/**
 * Words in providers' responses that mean that a refresh token or its grant is no longer valid, in lower case, with `_` between the
 * parts. Each word ends the login of a user, so a word about the client or the request must not be here.
 */
const REFUSALS = new Set([
  'invalid_grant', // RFC 6749 §5.2; Fitbit, in errors[].errorType
  ...['invalid_token', 'expired_token', 'token_expired', 'token_revoked', 'bad_token'], // RFC 6750 §3.1; Slack; Entra ID
  ...['bad_refresh_token', 'invalid_refresh_token'], // GitHub, HubSpot (in `status`); Slack, Yahoo, Twitch (in `message`)
  ...['expired_refresh_token', 'refresh_token_expired', 'refresh_token_revoked', 'refresh_token_not_found'],
  'the_refresh_token_is_invalid', // DeviantArt, as the description of an invalid_request
  'missing_or_invalid_refresh_token', // HubSpot, in `message`
  'refresh_token_invalid', // Strava, as `field` and `code`
  'invalid_code', // Zoho, whose refresh requests have no code
  ...['interaction_required', 'login_required', 'consent_required'], // Entra ID: the user has to sign in again
  ...['errcode_40030', 'errcode_42002', 'errcode_42007'], // WeChat: an invalid or expired refresh token, a new password
  'invalid_params_invalid_refresh_token', // Withings
  ...['oauthexception_190', 'oauthexception_102'], // Meta: an expired access token, an expired session
]);

/** Words about the client, the request or the provider. If a response contains one of them, the login does not end. */
const OTHER_CAUSES = new Set([
  ...['invalid_client', 'unauthorized_client', 'incorrect_client_credentials', 'invalid_client_id', 'bad_client_id'],
  ...['unsupported_grant_type', 'invalid_scope', 'invalid_target', 'invalid_dpop_proof', 'use_dpop_nonce'],
  ...['server_error', 'temporarily_unavailable', 'slow_down', 'rate_limited', 'ratelimited', 'access_denied'],
]);

/** Fields that contain one of these words, in the response or in an error inside it. */
const FIELDS = ['error', 'errorType', 'error_type', 'type', 'error_code', 'errorCode', 'code', 'status', 'name'];
/** Fields with a sentence, which may consist of one of these words. */
const SENTENCES = ['message', 'reason'];
/** Maximum number of errors that are read in a response. */
const MAX_ERRORS = 10;

type Fields = Record<string, unknown>;

/** Returns whether an error response to a refresh means that the refresh token is no longer valid. */
export function refusesRefreshToken(status: number, data: Fields): boolean {
  if (data.error === 'invalid_grant') return true;
  if (status >= 500 || status === 429) return false;
  const words = errorsIn(data).flatMap(wordsOf);
  return words.some((word) => REFUSALS.has(word)) && !words.some((word) => OTHER_CAUSES.has(word));
}

/** Returns the errors in a response: the response itself, and the objects or strings in `error` and `errors`. */
export function errorsIn(data: Fields): Fields[] {
  const { error, errors } = data;
  const list: unknown[] = Array.isArray(errors) ? errors : [errors];
  const named = list.slice(0, MAX_ERRORS).map((item) => (typeof item === 'string' ? { error: item } : item));
  const nested = [error, ...named];
  return [data, ...nested.filter((item): item is Fields => typeof item === 'object' && item !== null)];
}

function wordsOf(error: Fields): string[] {
  // `invalid_request` is too general, so the description is read too
  const sentences = error.error === 'invalid_request' ? [...SENTENCES, 'error_description'] : SENTENCES;
  const values = [...FIELDS, ...sentences].map((name) => error[name]);
  const pairs = [
    joined(error.type, error.code),
    joined(error.field, error.code),
    joined('errcode', error.errcode), // WeChat
  ];
  return [...values, ...pairs].flatMap((value) => (typeof value === 'string' ? word(value) : []));
}

/** Joins a type or a field with a code. Meta sends one type for all errors with a number; Strava sends the field that is invalid. */
function joined(subject: unknown, code: unknown): string | undefined {
  const isCode = typeof code === 'number' || typeof code === 'string';
  return typeof subject === 'string' && isCode ? `${subject} ${code}` : undefined;
}

function word(text: string): string {
  const parts = text
    .slice(0, 100)
    .toLowerCase()
    .match(/[a-z0-9]+/g);
  return parts?.join('_') ?? '';
}
