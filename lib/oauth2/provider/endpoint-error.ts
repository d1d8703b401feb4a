import type { TokenEndpointResponse } from '../../http/messages.js';
import { endpointErrorText } from '../../errors/error-text.js';
import { InvalidTokenError, ProviderError } from '../../errors/oauth.errors.js';
import { jsonResponse, responseAfterHooks } from './endpoint-fetch.js';
import { errorCode, tokenEndpointError } from './provider-error.js';
import { describeResponse } from './unexpected-answer.js';

/** The expected response of an endpoint. */
interface ExpectedAnswer {
  /** The name of the endpoint in errors. */
  what: string;
  /** The status that `oauth4webapi` expects. Every 2xx status is changed to this status. @default 200 */
  status?: 200 | 201;
  /** Returns whether the body of a content type stays unchanged instead of being read as JSON. */
  otherTypes?: (contentType: string | undefined) => boolean;
}

/**
 * Returns a reader that prepares an endpoint's response for `oauth4webapi`. The reader accepts a JSON object with any content type,
 * and any 2xx status.
 *
 * The reader throws `OAuthError` when the response contains an error, with any status (RFC 6749 §5.2); `ProviderError` when the
 * status is not 2xx; and `InvalidTokenError` when a success is not a JSON object.
 */
export function endpointResponseReader({ what, status = 200, otherTypes }: ExpectedAnswer) {
  return (answer: TokenEndpointResponse): Response => {
    refuseEndpointError(what, answer);
    if (otherTypes?.(answer.headers['content-type'])) return responseAfterHooks({ ...answer, status });
    if (Object.keys(answer.data).length > 0) return jsonResponse(answer.data, status);
    throw new InvalidTokenError({
      description: `the ${what} endpoint answered ${describeResponse(answer)}; expected a JSON object`,
      answered: answer,
    });
  };
}

/**
 * Throws when a response is not a success.
 * @throws {OAuthError} when the response contains an error, with any status (RFC 6749 §5.2)
 * @throws {ProviderError} when the status is not 2xx
 */
export function refuseEndpointError(what: string, answer: TokenEndpointResponse): void {
  const { status, headers, data } = answer;
  if (typeof data.error === 'string' && data.error) throw tokenEndpointError(data, answer);
  if (status >= 200 && status <= 299) return;
  throw new ProviderError({
    error: challengeCode(headers['www-authenticate']),
    description: `the ${what} endpoint answered ${describeResponse(answer)}`,
    detail: endpointErrorText(answer.text),
    answered: answer,
  });
}

/** Returns the error code in a `WWW-Authenticate` header (RFC 6750 §3.1). */
function challengeCode(challenge = ''): string | undefined {
  const [, code] = /\berror="?([\w.-]{1,100})/i.exec(challenge) ?? [];
  return code === undefined ? undefined : errorCode(code);
}
