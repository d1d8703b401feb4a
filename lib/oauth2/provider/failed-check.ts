import { JOSEError } from 'jose/errors';
import {
  JSON_ATTRIBUTE_COMPARISON,
  JWT_CLAIM_COMPARISON,
  JWT_TIMESTAMP_CHECK,
  OperationProcessingError,
  UnsupportedOperationError,
} from 'oauth4webapi';
import { fieldsOf } from '../../common/fields-of.js';
import { MAX_CLOCK_TOLERANCE } from '../../config/settings-schema.js';
import { isShallow } from '../../common/limits.js';
import { InvalidTokenError, OAuthError } from '../../errors/oauth.errors.js';
import { RefusedInput } from '../wire/refused-input.js';
import { NoFittingKey } from './no-fitting-key.js';
import { plainText } from './provider-error.js';

/** The details of a failed check in the errors of `oauth4webapi`. */
interface Failure {
  expected?: unknown;
  claims?: Record<string, unknown>;
  claim?: string;
  attribute?: string;
  body?: Record<string, unknown>;
  header?: { alg?: unknown; kid?: unknown };
  now?: number;
  tolerance?: number;
  /** The source of the expected value. */
  reason?: string;
}

/**
 * Returns the error for a provider's response that a check refused. Keeps one sentence, because the error of the check contains the
 * response.
 * @param sent values of the request, which the response may repeat; they are redacted
 */
export function refusedResponse(error: unknown, what: string, sent: readonly string[]): OAuthError {
  if (error instanceof OAuthError) return error.redact(sent);
  const { attribute } = failureOf(error);
  const description = failedCheck(error, what);
  const logDescription = attribute === 'sub' ? `the "sub" of the ${what} is not the expected user's` : description;
  return new InvalidTokenError({ description, logDescription }).redact(sent);
}

/** Returns the error for a message that came through the browser. The status is 400, because the browser may have changed it. */
export function refusedCallback(error: unknown, what: string): OAuthError {
  return error instanceof OAuthError
    ? error
    : new OAuthError('invalid_request', { description: failedCheck(error, what) });
}

/** Describes a failed check, with the expected and the received value. Never contains a token, a code, a nonce or a hash. */
export function failedCheck(error: unknown, what: string): string {
  if (!(error instanceof Error)) return `${what}: ${reasonOf(error)}`;
  if (error instanceof NoFittingKey) {
    const { alg, kid } = error.header;
    return `the provider has no one key that fits the ${what} (alg ${shown(alg)}, kid ${shown(kid)}): ${error.message}`;
  }
  const failure = failureOf(error);
  switch (error instanceof OperationProcessingError ? error.code : undefined) {
    case JWT_CLAIM_COMPARISON:
      return claimComparison(failure, what, error.message);
    case JWT_TIMESTAMP_CHECK:
      return timestampCheck(failure, what, error.message);
    case JSON_ATTRIBUTE_COMPARISON:
      return `the "${failure.attribute}" of the ${what} is ${shown(failure.body?.[failure.attribute ?? ''])}, expected ${shown(failure.expected)}`;
    default:
      return algorithmFault(error, failure, what) ?? `${what}: ${reasonOf(error)}`;
  }
}

/** The settings for signature algorithms, by a word in the name of the signed JWT in errors. */
const ALGORITHM_SETTINGS: readonly [what: string, setting: string][] = [
  ['userinfo', 'userinfo_signed_response_alg'],
  ['introspection', 'introspection_signed_response_alg'],
  ['authorization', 'authorization_signed_response_alg'],
  ['token', 'id_token_signed_response_alg'],
];

/** Describes a signature algorithm that is not expected or not supported, with the setting for it. */
function algorithmFault(error: Error, failure: Failure, what: string): string | undefined {
  const setting = ALGORITHM_SETTINGS.find(([name]) => what.includes(name))?.[1] ?? 'id_token_signed_response_alg';
  if (failure.header && 'expected' in failure) {
    const advice = algorithmAdvice(failure, setting);
    return `${what} is signed with ${shown(failure.header.alg)}, expected ${shown(failure.expected)}. ${advice}`;
  }
  if (!(error instanceof UnsupportedOperationError)) return undefined;
  const { alg } = fieldsOf(error.cause);
  if (alg === undefined) return undefined;
  return (
    `${what} is signed with ${shown(alg)}, which is not supported. Register this client at the provider with another ` +
    `algorithm, such as RS256, PS256 or ES256, and set ${setting} to it`
  );
}

function algorithmAdvice({ reason, header, expected }: Failure, setting: string): string {
  if (expected === 'HS256') return 'Check allow_secret_signed_id_token, which accepts this algorithm only';
  if (reason === 'client configuration') return `Check ${setting}, which requires this algorithm`;
  const advice = `Ask the provider for such an algorithm, or set ${setting} to the algorithm with which this client is registered`;
  const isSecretSigned = header?.alg === 'HS256' && setting === 'id_token_signed_response_alg';
  return isSecretSigned
    ? `${advice}. If the provider can sign only with the client secret (LINE), set allow_secret_signed_id_token`
    : advice;
}

function failureOf(error: unknown): Failure {
  return error instanceof OperationProcessingError ? (error.cause ?? {}) : {};
}

/**
 * Returns the message of an error that is safe to repeat: an error of this library, `oauth4webapi` or `jose`. The messages of
 * parsers and of key imports may quote their input, and are replaced.
 */
export function reasonOf(error: unknown): string {
  const isSafe =
    error instanceof RefusedInput ||
    error instanceof OperationProcessingError ||
    error instanceof UnsupportedOperationError ||
    error instanceof JOSEError;
  return (
    (isSafe ? plainText(error.message) : undefined) ?? 'it cannot be read, or a key of the provider cannot be used'
  );
}

function claimComparison({ claim, claims, expected }: Failure, what: string, message: string): string {
  switch (claim) {
    case 'iss':
      return wrongIssuer(what, claims?.iss, expected);
    case 'aud':
      return expected === undefined
        ? `${what} is for ${shown(claims?.aud)} without saying for which of them (azp)`
        : `${what} is for ${shown(claims?.aud)}, expected ${shown(expected)}`;
    case 'azp':
      return `${what} was asked for by ${shown(claims?.azp)} (azp), expected ${shown(expected)}`;
    case 'nonce':
      return `the nonce of the ${what} is not the one that this login sent`;
    default:
      return `${what}: ${message}`;
  }
}

/** Describes the wrong issuer of a JWT. */
export function wrongIssuer(what: string, issuer: unknown, expected: unknown): string {
  return `${what} was issued by ${shown(issuer)}, expected ${shown(expected)}`;
}

function timestampCheck({ claim, claims, now = 0, tolerance }: Failure, what: string, message: string): string {
  const time = claims?.[claim ?? ''];
  if (typeof time !== 'number') return `${what}: ${message}`;
  const allowed = tolerance === undefined ? '' : ` (clock_tolerance ${tolerance} s)`;
  const advice = claim === 'auth_time' ? '' : `; ${clockAdvice(time, now)}`;
  return `${what}: its ${claim} is ${isoTime(time)}, and it is ${isoTime(now)}${allowed}: ${message}${advice}`;
}

/** Describes the difference between two clocks, derived from a time in a JWT, and gives advice. */
export function clockAdvice(time: number, now: number): string {
  const seconds = Math.ceil(Math.abs(now - time));
  const difference =
    time > now
      ? `the provider's clock is ${seconds} seconds ahead of this server's clock`
      : `unless it is an old one, this server's clock is at least ${seconds} seconds ahead of the provider's clock`;
  const tolerate =
    seconds < MAX_CLOCK_TOLERANCE ? `, or increase clock_tolerance (at most ${MAX_CLOCK_TOLERANCE} s)` : '';
  return `${difference}. Synchronize the clocks${tolerate}`;
}

/** Returns a value from outside for an error: shortened, and without control characters. Does not show a nested value. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nobody';
  if (!isShallow(value, 2)) return '(a nested value)';
  return plainText(JSON.stringify(value))?.slice(0, 200) ?? 'something';
}

export function isoTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString();
}
