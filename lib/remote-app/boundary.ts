import { AsyncLocalStorage } from 'node:async_hooks';
import { HttpException } from '@nestjs/common';
import { PENDING_CODES } from '../errors/error-codes.js';
import { logEvent } from '../common/log.js';
import { errorFields } from '../observability/error-fields.js';
import { OAuthError, ProviderError, OAuthErrorCode } from '../errors/oauth.errors.js';
import { withoutMessage } from '../common/redaction.js';

/** Whose operation it is, and who may read its errors. */
interface Boundary {
  /** The client. */
  name: string;
  /** What is done, for the log: `api_call`. */
  step?: string;
  /** The module's option. */
  exposeErrors?: boolean;
  /** Values that no error shows, wherever they come back from. */
  secrets: readonly string[];
}

/** The operation under way: a failure of an operation that is a part of another one is logged as a failure of that one. */
const operation = new AsyncLocalStorage<{ name: string; step?: string }>();
/** Operations whose failure is a failed login. */
const LOGIN_STEPS = ['begin', 'complete'];

/**
 * Runs one operation of an app, whose errors all leave as an {@link OAuthError}, and logs its failure in one line. An error of
 * another kind is one that no check foresaw: it becomes a {@link ProviderError}, without its message, which may quote an
 * answer. An `HttpException` that the application throws in `fetchToken` or `userOf` stays as it is.
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
    const failure = error instanceof OAuthError ? error.redact(secrets) : unforeseen(name, error);
    logFailure(failure, current);
    throw failure.exposeWhen(exposeErrors);
  }
}

/** Logs a failure, unless it was logged: an operation may be a part of another one. */
export function logFailure(failure: OAuthError, { name, step }: { name?: string; step?: string } = {}): void {
  if (PENDING_CODES.includes(failure.error)) return;
  failure.log({ event: eventOf(step, failure.getStatus()), client: name, step });
}

function logOther({ name, step }: { name: string; step?: string }, error: HttpException): void {
  logEvent('warn', eventOf(step, error.getStatus()), { client: name, ...errorFields(error), step });
}

/** Status 500 means that the application or its configuration is at fault, whatever was attempted. */
function eventOf(step: string | undefined, status: number): string {
  return LOGIN_STEPS.includes(step ?? '') && status !== 500 ? 'login failed' : 'operation failed';
}

function unforeseen(name: string, error: unknown): ProviderError {
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
