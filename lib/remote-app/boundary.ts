import { HttpException } from '@nestjs/common';
import { errorFields, logEvent } from '../observability/log.js';
import { OAuthError, ProviderError } from '../oauth.errors.js';
import { withoutMessage } from '../redaction.js';

/** Whose operation it is, and who may read its errors. */
interface Boundary {
  /** The client. */
  name: string;
  /** The module's option. */
  exposeErrors?: boolean;
  /** Values that no error shows, wherever they come back from. */
  secrets: readonly string[];
}

/**
 * Runs one operation of an app, whose errors all leave as an {@link OAuthError}. An error of another kind is one that no check
 * foresaw: it becomes a {@link ProviderError}, without its message, which may quote an answer. An `HttpException` that the
 * application throws in `fetchToken` or `userOf` stays as it is.
 */
export async function withinBoundary<T>(
  { name, exposeErrors, secrets }: Boundary,
  run: () => T | Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const isForeseen = error instanceof OAuthError;
    if (!isForeseen && error instanceof HttpException) throw error;
    const failure = isForeseen ? error.redact(secrets) : unforeseen(name, error);
    if (!isForeseen || failure.getStatus() === 500) logFault(name, failure);
    throw failure.exposeWhen(exposeErrors);
  }
}

/** Faults that were logged: an operation may be a part of another one. */
const logged = new WeakSet<OAuthError>();

/** Logs an error that the developer has to fix: the browser gets a sentence that does not say what it is. */
export function logFault(name: string, failure: OAuthError): void {
  if (logged.has(failure)) return;
  logged.add(failure);
  logEvent('error', 'operation failed', { client: name, ...errorFields(failure) });
}

function unforeseen(name: string, error: unknown): ProviderError {
  const cause = withoutMessage(error);
  return new ProviderError({
    description:
      `an unexpected ${cause.name} occurred while handling the provider "${name}". See the stack of the cause, and report ` +
      'this as a bug of nestjs-oauth-client',
    cause,
  });
}
