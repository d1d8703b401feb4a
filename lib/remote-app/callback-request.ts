import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';

/**
 * The named parameters of a callback: from the query of a GET, or from the form of a POST (`response_mode=form_post`).
 * @throws {OAuthError} `invalid_request` when one comes twice or is no text, when no parser has read the body, or when the
 * method is another
 */
export function callbackParameters<Name extends string>(
  request: OAuthRequest,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const source = sourceOf(request);
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = Object.hasOwn(source, name) ? source[name] : undefined;
    if (value === undefined || value === '') continue;
    if (typeof value !== 'string') throw invalidCallback(`the callback has more than one "${name}" parameter`);
    found[name] = value;
  }
  return found;
}

function sourceOf(request: OAuthRequest): Record<string, unknown> {
  switch (request.method) {
    case 'GET':
      return asRecord(request.query);
    case 'POST':
      requireParsedBody(request);
      return asRecord(request.body);
    default:
      throw invalidCallback('a callback is a GET, or a POST of a form'); // a HEAD by a link preview must not use it up
  }
}

/**
 * Refuses a body that no parser has read. Express 5 leaves it undefined, and Express 4 an empty object; a parser for other
 * content types makes it a string or bytes.
 */
function requireParsedBody({ body, headers = {} }: OAuthRequest): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  const isEmpty = length === '0';
  const isFilled = encoding !== undefined || (length !== undefined && !isEmpty);
  const isRead = typeof body === 'object' && body !== null && !ArrayBuffer.isView(body);
  const isParsed = isRead ? Object.keys(body).length > 0 || !isFilled : isEmpty;
  if (isParsed) return;
  throw invalidCallback(
    'the callback is a POST whose body was not parsed; expected the fields of a form (application/x-www-form-urlencoded). ' +
      "Keep Nest's body parser (`bodyParser: false` turns it off), or add `express.urlencoded()` before the routes",
  );
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function invalidCallback(description: string): OAuthError {
  return new OAuthError('invalid_request', { description });
}
