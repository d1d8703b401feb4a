import { isHttpUrl } from '../../config/value-schemas.js';
import {
  OAuthError,
  ProviderError,
  OAuthErrorCode,
  type OAuthErrorOptions,
  type ProviderAnswer,
} from '../../errors/oauth.errors.js';

/** Codes by which a user, or the provider for them, says no (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6). */
const REFUSALS = [
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required',
];
const PROVIDER_FAULTS = ['server_error', 'temporarily_unavailable'];

/** The error of an authorization response (RFC 6749 §4.1.2.1): 403 for a refusal, 502 for the provider's fault, else 400. */
export function authorizationError(answer: Record<string, unknown>): OAuthError {
  const code = errorCode(answer.error) ?? OAuthErrorCode.PROVIDER_ERROR;
  const status = REFUSALS.includes(code) ? 403 : PROVIDER_FAULTS.includes(code) ? 502 : 400;
  return new OAuthError(code, { ...details(answer), status });
}

/** The error of a token endpoint (RFC 6749 §5.2): 400 where the code or the refresh token was bad, else 502. */
export function tokenEndpointError(
  answer: Record<string, unknown>,
  answered: Pick<ProviderAnswer, 'status' | 'headers'>,
): OAuthError {
  const code = errorCode(answer.error);
  if (code === 'slow_down') return slowDown(answer, answered);
  if (code === 'invalid_grant') return new OAuthError(code, { ...details(answer), status: 400, answered });
  const isSuccess = answered.status < 300; // an error whose code is not one, in an answer that says it succeeded
  const error = code ?? (isSuccess ? OAuthErrorCode.PROVIDER_REFUSED : undefined);
  return new ProviderError({ error, ...details(answer), answered });
}

/** RFC 8628 §3.5. Some providers say in `interval` how many seconds to leave between two requests from now on. */
function slowDown(answer: Record<string, unknown>, answered: Pick<ProviderAnswer, 'status' | 'headers'>): OAuthError {
  const seconds = Number(answer.interval ?? NaN);
  const retryAfter = Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
  return new ProviderError({ error: 'slow_down', ...details(answer), answered, retryAfter });
}

/** RFC 6749 §4.1.2.1 allows these characters and no others. */
export function errorCode(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,100}$/.test(value) ? value : undefined;
}

function details(answer: Record<string, unknown>): Pick<OAuthErrorOptions, 'description' | 'uri'> {
  const code = errorCode(answer.error);
  const otherwise =
    code === undefined ? 'the provider answered an error whose code is not valid' : `the provider answered "${code}"`;
  return { description: plainText(answer.error_description) ?? otherwise, uri: webAddress(answer.error_uri) };
}

/** A text of a provider's, without what has no business in an error message. */
export function plainText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  // eslint-disable-next-line no-control-regex -- these are the ones to leave out
  return value.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').slice(0, 500);
}

/** `error_uri` has these characters and no others (RFC 6749 §4.1.2.1); it ends up in pages and logs. */
const ERROR_URI = /^[\x21\x23-\x5b\x5d-\x7e]{1,2000}$/;

function webAddress(value: unknown): string | undefined {
  if (typeof value !== 'string' || !ERROR_URI.test(value) || !isHttpUrl(value)) return undefined;
  return new URL(value).href;
}
