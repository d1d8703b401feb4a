/**
 * Words with which providers say that a refresh token, or the grant behind it, is no longer valid: in lower case, with `_` between the
 * parts. Each one ends the login of a user, so none may be about the client or the request.
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
  ...['oauthexception_190', 'oauthexception_102'], // Meta: an expired access token, an expired session
]);

/** Words about the client, the request or the provider. Where there is one, no other word ends a login. */
const OTHER_CAUSES = new Set([
  ...['invalid_client', 'unauthorized_client', 'incorrect_client_credentials', 'invalid_client_id', 'bad_client_id'],
  ...['unsupported_grant_type', 'invalid_scope', 'invalid_target', 'invalid_dpop_proof', 'use_dpop_nonce'],
  ...['server_error', 'temporarily_unavailable', 'slow_down', 'rate_limited', 'ratelimited', 'access_denied'],
]);

/** Fields in which providers put such a word, in the answer or in an error within it. */
const FIELDS = ['error', 'errorType', 'error_type', 'type', 'error_code', 'errorCode', 'code', 'status', 'name'];
/** Fields with a sentence that may be such a word as a whole. */
const SENTENCES = ['message', 'reason'];
/** Errors of one answer that are read. */
const MOST_ERRORS = 10;

type Fields = Record<string, unknown>;

/** Whether an error answer to a refresh says that the login is over. */
export function refusesRefreshToken(status: number, data: Fields): boolean {
  if (data.error === 'invalid_grant') return true;
  if (status >= 500 || status === 429) return false;
  const words = errorsIn(data).flatMap(wordsOf);
  return words.some((word) => REFUSALS.has(word)) && !words.some((word) => OTHER_CAUSES.has(word));
}

/** Returns the errors in an answer: the answer itself, and those that `error` and `errors` hold, which may be mere words. */
export function errorsIn(data: Fields): Fields[] {
  const { error, errors } = data;
  const list: unknown[] = Array.isArray(errors) ? errors : [errors];
  const named = list.slice(0, MOST_ERRORS).map((item) => (typeof item === 'string' ? { error: item } : item));
  const nested = [error, ...named];
  return [data, ...nested.filter((item): item is Fields => typeof item === 'object' && item !== null)];
}

function wordsOf(error: Fields): string[] {
  // a standard code that says nothing: the description may say more
  const sentences = error.error === 'invalid_request' ? [...SENTENCES, 'error_description'] : SENTENCES;
  const values = [...FIELDS, ...sentences].map((name) => error[name]);
  const pairs = [joined(error.type, error.code), joined(error.field, error.code)];
  return [...values, ...pairs].flatMap((value) => (typeof value === 'string' ? word(value) : []));
}

/** Meta has one type for all errors, and a number that says which; Strava names the field that is invalid. */
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
