import type { OAuthRequest } from '../oauth-request.js';
import { OAuthError } from '../oauth.errors.js';

/**
 * The named parameters of a callback: from the query of a GET, or from the form of a POST (`response_mode=form_post`).
 * @throws {OAuthError} `invalid_request` when one comes twice or is no text, or the method is another
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

function sourceOf({ method, query, body }: OAuthRequest): Record<string, unknown> {
  switch (method) {
    case 'GET':
      return asRecord(query);
    case 'POST':
      return asRecord(body);
    default:
      throw invalidCallback('a callback is a GET, or a POST of a form'); // a HEAD by a link preview must not use it up
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function invalidCallback(description: string): OAuthError {
  return new OAuthError('invalid_request', { description });
}
