import type { TokenEndpointResponse } from '../../http/messages.js';
import { endpointErrorText } from '../../errors/error-text.js';
import { isForm } from '../../common/media-type.js';
import { InvalidTokenError, ProviderError } from '../../errors/oauth.errors.js';
import { shownAnswer } from '../provider/unexpected-answer.js';
import { tokenErrorIn } from './token-error.js';

/**
 * Returns the fields of a token response, after the compliance hooks. Errors become errors whatever their status; a form is
 * read like JSON, since GitHub sends one to clients that do not ask for JSON, and others under a wrong content type.
 * @throws {OAuthError} for the provider's error (RFC 6749 §5.2)
 * @throws {ProviderError} for another failure
 * @throws {InvalidTokenError} for an answer that is neither JSON nor a form
 */
export function normalizeTokenResponse(answer: TokenEndpointResponse, grantType: string): Record<string, unknown> {
  const { status } = answer;
  const fields = fieldsOf(answer);
  const error = fields.access_token ? undefined : tokenErrorIn(answer, fields, grantType);
  if (error) throw error;
  if (status < 200 || status > 299) {
    throw new ProviderError({
      description: `the token endpoint answered ${shownAnswer(answer)}`,
      detail: endpointErrorText(answer.text),
      answered: answer,
    });
  }
  if (Object.keys(fields).length === 0) {
    throw new InvalidTokenError({
      description: `the token endpoint answered ${shownAnswer(answer)}; expected a JSON object. Another format can be read by an \`access_token_response\` hook`,
      answered: answer,
    });
  }
  return fields;
}

function fieldsOf({ headers, text, data }: TokenEndpointResponse): Record<string, unknown> {
  if (Object.keys(data).length > 0) return data;
  const fields = new URLSearchParams(text.trim());
  return isForm(headers['content-type']) || looksLikeForm(text, fields) ? Object.fromEntries(fields) : data;
}

/**
 * Whether a text is a form with a token or an error: `text/plain` and `text/html` are the defaults of many frameworks. A token
 * has another field beside it, since a single pair may be anything.
 */
function looksLikeForm(text: string, fields: URLSearchParams): boolean {
  const isToken = fields.has('access_token') && fields.size > 1;
  return !/[<>{}\s]/.test(text.trim()) && (isToken || fields.has('error'));
}
