import { AsyncLocalStorage } from 'node:async_hooks';
import { HttpException } from '@nestjs/common';
import { PENDING_CODES } from '../errors/error-codes.js';
import { logEvent } from '../common/log.js';
import { errorFields } from '../observability/error-fields.js';
import { OAuthError, ProviderError, OAuthErrorCode } from '../errors/oauth.errors.js';
import { withoutMessage } from '../common/redaction.js';

/** The client and the step of an operation, and how its errors are shown. */
interface Boundary {
  /** The name of the client. */
  name: string;
  /** The step for the log, such as `api_call`. */
  step?: string;
  /** The module's `exposeErrors` option. */
  exposeErrors?: boolean;
  /** Values that are redacted in every error. */
  secrets: readonly string[];
}

/** The current outer operation. The failure of a nested operation is logged with the step of the outer operation. */
const operation = new AsyncLocalStorage<{ name: string; step?: string }>();
/** Steps whose failure is logged as `login failed`. */
const LOGIN_STEPS = ['begin', 'complete'];

/**
 * Runs one operation of an app, and logs its failure in one line. Every error that it throws is an {@link OAuthError}: an
 * unexpected error becomes a {@link ProviderError}, without its message, which may quote a response. The exception is an
 * `HttpException` that the application throws in `fetchToken` or `userOf`, which is thrown unchanged.
 */
export async function withinBoundary<T>(
  { name, step, exposeErrors, secrets }: Boundary,
  run: () => T | Promise<T>,
): Promise<T> {
  const outer = operation.getStore();
  const current = outer?.name === name ? outer : { name, step };
  try {
    return await operation.run(current, async () => run());
  } catch (error) {
    if (error instanceof HttpException && !(error instanceof OAuthError)) {
      if (current !== outer) logOther(current, error);
      throw error;
    }
    const failure = error instanceof OAuthError ? error.redact(secrets) : unexpectedError(name, error);
    logFailure(failure, current);
    throw failure.exposeWhen(exposeErrors);
  }
}

/** Logs a failure, unless it was already logged by a nested operation. */
export function logFailure(failure: OAuthError, { name, step }: { name?: string; step?: string } = {}): void {
  if (PENDING_CODES.includes(failure.error)) return;
  failure.log({ event: eventOf(step, failure.getStatus()), client: name, step });
}

function logOther({ name, step }: { name: string; step?: string }, error: HttpException): void {
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
