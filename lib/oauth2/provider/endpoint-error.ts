import type { TokenEndpointResponse } from '../../http/messages.js';
import { endpointErrorText } from '../../errors/error-text.js';
import { InvalidTokenError, ProviderError } from '../../errors/oauth.errors.js';
import { jsonResponse, responseAfterHooks } from './endpoint-fetch.js';
import { errorCode, tokenEndpointError } from './provider-error.js';
import { shownAnswer } from './unexpected-answer.js';

/** What is expected of the answers of one endpoint. */
interface ExpectedAnswer {
  /** The endpoint, as an error names it. */
  what: string;
  /** The status that the strict check of this endpoint expects; each 2xx status counts as this one. @default 200 */
  status?: 200 | 201;
  /** Content types that are read as they are, instead of as JSON. */
  otherTypes?: (contentType: string | undefined) => boolean;
}

/**
 * Returns a reader that prepares an endpoint's answer for its strict check: a JSON object counts as JSON whatever its
 * content type is, and each 2xx status as a success.
 *
 * The reader throws `OAuthError` with the provider's error, whatever the status (RFC 6749 §5.2); `ProviderError` for another
 * status than 2xx, with that status in its description; and `InvalidTokenError` for a success that is not a JSON object.
 */
export function endpointResponseReader({ what, status = 200, otherTypes }: ExpectedAnswer) {
  return (answer: TokenEndpointResponse): Response => {
    refuseEndpointError(what, answer);
    if (otherTypes?.(answer.headers['content-type'])) return responseAfterHooks({ ...answer, status });
    if (Object.keys(answer.data).length > 0) return jsonResponse(answer.data, status);
    throw new InvalidTokenError({
      description: `the ${what} endpoint answered ${shownAnswer(answer)}; expected a JSON object`,
      answered: answer,
    });
  };
}

/**
 * Throws the error for an answer that is not a success.
 * @throws {OAuthError} the provider's error, whatever the status (RFC 6749 §5.2)
 * @throws {ProviderError} for another status than 2xx
 */
export function refuseEndpointError(what: string, answer: TokenEndpointResponse): void {
  const { status, headers, data } = answer;
  if (typeof data.error === 'string' && data.error) throw tokenEndpointError(data, answer);
  if (status >= 200 && status <= 299) return;
  throw new ProviderError({
    error: challengeCode(headers['www-authenticate']),
    description: `the ${what} endpoint answered ${shownAnswer(answer)}`,
    detail: endpointErrorText(answer.text),
    answered: answer,
  });
}

/** Returns the error code in a `WWW-Authenticate` header (RFC 6750 §3.1). */
function challengeCode(challenge = ''): string | undefined {
  const [, code] = /\berror="?([\w.-]{1,100})/i.exec(challenge) ?? [];
  return code === undefined ? undefined : errorCode(code);
}
