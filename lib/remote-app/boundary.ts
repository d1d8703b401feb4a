import { HttpException } from '@nestjs/common';
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
 * application throws in a function of its own stays as it is.
 */
export async function withinBoundary<T>(
  { name, exposeErrors, secrets }: Boundary,
  run: () => T | Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof OAuthError) throw error.redact(secrets).exposeWhen(exposeErrors);
    if (error instanceof HttpException) throw error;
    throw unforeseen(name, error).exposeWhen(exposeErrors);
  }
}

function unforeseen(name: string, error: unknown): ProviderError {
  const cause = withoutMessage(error);
  return new ProviderError({
    description:
      `an answer of the provider of "${name}", or a request, led to an unexpected ${cause.name}; see the stack of the cause, ` +
      'and report it as a bug of nestjs-oauth-client',
    cause,
  });
}
