import { ownField } from '../common/own-field.js';
import { fieldsOf } from '../common/fields-of.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';

/**
 * Returns the named parameters of a callback, from the query of a GET request or the form of a POST request
 * (`response_mode=form_post`). Empty parameters are omitted.
 * @throws {OAuthError} `invalid_request` when a parameter occurs twice or is not a string, when the body of a POST request was
 * not parsed, or when the method is neither GET nor POST
 */
export function callbackParameters<Name extends string>(
  request: OAuthRequest,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  return readParameters(callbackFields(request), names);
}

/**
 * Returns the named parameters among the fields of a callback. Empty parameters are omitted.
 * @throws {OAuthError} `invalid_request` when a parameter occurs twice or is not a string
 */
export function readParameters<Name extends string>(
  source: Readonly<Record<string, unknown>>,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = ownField(source, name);
    if (value === undefined || value === '') continue;
    if (typeof value !== 'string') {
      throw invalidCallback(
        `the callback has more than one "${name}" parameter; expected one string. Start the login again`,
      );
    }
    found[name] = value;
  }
  return found;
}

/**
 * Returns all fields of a callback, from the query of a GET request or the form of a POST request.
 * @throws {OAuthError} `invalid_request` when the body of a POST request was not parsed, or when the method is neither GET nor POST
 */
export function callbackFields(request: OAuthRequest): Readonly<Record<string, unknown>> {
  switch (request.method) {
    case 'GET':
      return fieldsOf(request.query);
    case 'POST':
      requireParsedBody(request);
      return fieldsOf(request.body);
    default:
      // for example the HEAD request of a link preview, which must not consume the pending login
      throw invalidCallback('the callback has another method than GET or POST; expected a GET, or a POST of a form');
  }
}

/**
 * Refuses a body that was not parsed. Such a body is undefined in Express 5 and an empty object in Express 4. A parser for
 * other content types makes it a string or bytes.
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

export function invalidCallback(description: string): OAuthError {
  return new OAuthError('invalid_request', { description });
}
