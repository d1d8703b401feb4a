import type { OAuth2ClientConfig } from '../../config/client-config.js';
import type { TokenEndpointResponse } from '../../http/messages.js';
import { endpointErrorText } from '../../errors/error-text.js';
import { isForm } from '../../common/media-type.js';
import { InvalidTokenError, ProviderError } from '../../errors/oauth.errors.js';
import { describeResponse } from '../provider/unexpected-answer.js';
import { standardFields } from './standard-fields.js';
import { tokenErrorIn } from './token-error.js';

/**
 * Returns the standard fields of a token response: the compliance hooks ran before, and `tokenResponse` of the settings is applied here.
 * Accepts an error with any status, and a form instead of JSON:
 * GitHub sends a form by default, and other providers send a form with a wrong content type.
 * @throws {OAuthError} when the provider responds with an error (RFC 6749 §5.2)
 * @throws {ProviderError} when the status is not 2xx
 * @throws {InvalidTokenError} when the body is neither JSON nor a form
 */
export function normalizeTokenResponse(
  answer: TokenEndpointResponse,
  grantType: string,
  config: OAuth2ClientConfig,
): Record<string, unknown> {
  const { status } = answer;
  const received = fieldsOf(answer);
  const fields = standardFields(received, grantType, config);
  const error = fields.access_token ? undefined : tokenErrorIn(answer, { ...received, ...fields }, grantType);
  if (error) throw error;
  if (status < 200 || status > 299) {
    throw new ProviderError({
      description: `the token endpoint answered ${describeResponse(answer)}`,
      detail: endpointErrorText(answer.text),
      answered: answer,
    });
  }
  if (Object.keys(received).length === 0) {
    throw new InvalidTokenError({
      description: `the token endpoint answered ${describeResponse(answer)}; expected a JSON object. For another format, register an \`access_token_response\` hook in complianceFix`,
      answered: answer,
    });
  }
  if (config.tokenResponse && !fields.access_token) {
    throw new InvalidTokenError({
      description:
        'the token response has no access_token where token_response expects it. Check path and field_names of token_response',
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
 * Returns whether the body is a form with a token or an error, although its content type is another one (many frameworks default to
 * `text/plain` or `text/html`). A token must have a second field, because a single pair may be any string.
 */
function looksLikeForm(text: string, fields: URLSearchParams): boolean {
  const isToken = fields.has('access_token') && fields.size > 1;
  return !/[<>{}\s]/.test(text.trim()) && (isToken || fields.has('error'));
}
