import { isHttpUrl } from '../../config/value-schemas.js';
import {
  OAuthError,
  ProviderError,
  OAuthErrorCode,
  type OAuthErrorOptions,
  type ProviderAnswer,
} from '../../errors/oauth.errors.js';

/** Codes of logins that the user or the provider refused (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6). */
const REFUSALS = [
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required',
];
const PROVIDER_FAULTS = ['server_error', 'temporarily_unavailable'];

/** Returns the error of an authorization response (RFC 6749 §4.1.2.1). The status is 403 for a refusal, 502 for a fault of the provider, or else 400. */
export function authorizationError(answer: Record<string, unknown>): OAuthError {
  const code = errorCode(answer.error) ?? OAuthErrorCode.PROVIDER_ERROR;
  const status = REFUSALS.includes(code) ? 403 : PROVIDER_FAULTS.includes(code) ? 502 : 400;
  return new OAuthError(code, { ...details(answer), status });
}

/** Returns the error of a token endpoint (RFC 6749 §5.2). The status is 400 for an invalid code or refresh token, or else 502. */
export function tokenEndpointError(
  answer: Record<string, unknown>,
  answered: Pick<ProviderAnswer, 'status' | 'headers'>,
): OAuthError {
  const code = errorCode(answer.error);
  if (code === 'slow_down') return slowDown(answer, answered);
  if (code === 'invalid_grant') return new OAuthError(code, { ...details(answer), status: 400, answered });
  const isSuccess = answered.status < 300; // an error with an invalid code in a response with a success status
  const error = code ?? (isSuccess ? OAuthErrorCode.PROVIDER_REFUSED : undefined);
  return new ProviderError({ error, ...details(answer), answered });
}

/** Returns the error `slow_down` (RFC 8628 §3.5). Some providers send the new interval between two requests in `interval`, in seconds. */
function slowDown(answer: Record<string, unknown>, answered: Pick<ProviderAnswer, 'status' | 'headers'>): OAuthError {
  const seconds = Number(answer.interval ?? NaN);
  const retryAfter = Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
  return new ProviderError({ error: 'slow_down', ...details(answer), answered, retryAfter });
}

/** Returns a valid error code, or undefined. RFC 6749 §4.1.2.1 allows only these characters. */
export function errorCode(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,100}$/.test(value) ? value : undefined;
}

function details(answer: Record<string, unknown>): Pick<OAuthErrorOptions, 'description' | 'uri'> {
  const code = errorCode(answer.error);
  const fallback =
    code === undefined ? 'the provider answered an error whose code is not valid' : `the provider answered "${code}"`;
  return { description: plainText(answer.error_description) ?? fallback, uri: webAddress(answer.error_uri) };
}

/** Returns a string from the provider for an error: without control characters, and at most 500 characters. */
export function plainText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  // eslint-disable-next-line no-control-regex -- these characters are removed
  return value.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').slice(0, 500);
}

/** The allowed characters of `error_uri` (RFC 6749 §4.1.2.1), which is shown in pages and logs. */
const ERROR_URI = /^[\x21\x23-\x5b\x5d-\x7e]{1,2000}$/;

function webAddress(value: unknown): string | undefined {
  if (typeof value !== 'string' || !ERROR_URI.test(value) || !isHttpUrl(value)) return undefined;
  return new URL(value).href;
}
