import { HttpException } from '@nestjs/common';
import { PENDING_CODES } from '../errors/error-codes.js';
import { logEvent } from '../common/log.js';
import { errorFields } from '../observability/error-fields.js';
import { OAuthError, ProviderError, OAuthErrorCode } from '../errors/oauth.errors.js';
import { withoutMessage } from '../common/redaction.js';

/** An operation of an app, as its failure is logged. */
interface Operation {
  /** The name of the client. */
  name: string;
  /** The step for the log, such as `api_call`. */
  step?: string;
}

/** An operation, and how its errors are shown. */
interface Boundary extends Operation {
  /** The module's `exposeErrors` option. */
  exposeErrors?: boolean;
  /** Values that are redacted in every error. */
  secrets: readonly string[];
}

/** Steps whose failure is logged as `login failed`. */
const LOGIN_STEPS = ['begin', 'complete'];
/** The operation whose code runs right now, until it awaits something. */
let caller: Operation | undefined;
/** Exceptions of the application that were just logged, by an inner operation. An `OAuthError` knows whether it was logged. */
const logged = new WeakSet<HttpException>();

/**
 * Runs one operation of an app, and logs its failure in one line. Every error that it throws is an {@link OAuthError}: an
 * unexpected error becomes a {@link ProviderError}, without its message, which may quote a response. The exception is an
 * `HttpException` that the application throws in `fetchToken` or `userOf`, which is thrown unchanged.
 */
export async function withinBoundary<T>(
  { name, step, exposeErrors, secrets }: Boundary,
  run: () => T | Promise<T>,
): Promise<T> {
  const operation = caller?.name === name ? caller : { name, step };
  try {
    return await asPartOf(operation, run);
  } catch (error) {
    if (error instanceof HttpException && !(error instanceof OAuthError)) {
      logOther(operation, error);
      throw error;
    }
    const failure = error instanceof OAuthError ? error.redact(secrets) : unexpectedError(name, error);
    logFailure(failure, operation);
    throw failure.exposeWhen(exposeErrors);
  }
}

/**
 * Runs code of an operation. If the code calls a method of the same app before it awaits something, a failure of the method is logged as
 * that of the operation. (`AsyncLocalStorage`, which also covers later calls, slows down every promise of the process: with it, a login
 * takes a tenth longer with Node.js 20. See the bench `login-redirect`.)
 */
export function asPartOf<T>(operation: Operation, call: () => T): T {
  const outer = caller;
  caller = operation;
  try {
    return call();
  } finally {
    caller = outer;
  }
}

/** Logs a failure, unless it was already logged by a nested operation. */
export function logFailure(failure: OAuthError, { name, step }: Partial<Operation> = {}): void {
  if (PENDING_CODES.includes(failure.error)) return;
  failure.log({ event: eventOf(step, failure.getStatus()), client: name, step });
}

function logOther({ name, step }: Operation, error: HttpException): void {
  if (logged.has(error)) return;
  logged.add(error);
  setImmediate(() => logged.delete(error)); // the application may throw the same exception for another request
  logEvent('warn', eventOf(step, error.getStatus()), { client: name, ...errorFields(error), step });
}

/** Returns `operation failed` for the status 500 too, because the cause is then the application or its configuration. */
function eventOf(step: string | undefined, status: number): string {
  return LOGIN_STEPS.includes(step ?? '') && status !== 500 ? 'login failed' : 'operation failed';
}

function unexpectedError(name: string, error: unknown): ProviderError {
  const cause = withoutMessage(error);
  return new ProviderError({
    error: OAuthErrorCode.UNEXPECTED_ERROR,
    description:
      `an unexpected ${cause.name} occurred while handling the provider "${name}". See the stack of the cause, and report ` +
      'this as a bug of nestjs-oauth-client',
    detail: cause.stack?.split('\n')[1]?.trim(),
    cause,
  });
}
