import { fieldsOf } from '../common/fields-of.js';
import { OAuthError } from '../errors/oauth.errors.js';

/** The HTTP response on which a login sets its cookies: the response of Express or `node:http`, or the reply of Fastify. */
export type OAuthResponse =
  | { readonly headersSent: boolean; appendHeader(name: string, value: string): unknown }
  | { readonly sent: boolean; header(name: string, value: string): unknown };

/**
 * Refuses a call without the HTTP response.
 * @param calls the correct ways to write the call, for the error
 * @throws {OAuthError} `missing_response` (status 500) when `response` is not an HTTP response
 */
export function requireResponse(response: unknown, ...calls: string[]): void {
  const { appendHeader, header } = fieldsOf(response);
  if (typeof appendHeader === 'function' || typeof header === 'function') return;
  throw new OAuthError('missing_response', {
    description:
      'the second argument is not an HTTP response, on which the cookie of the login is set; expected the response of Express, ' +
      `or the reply of Fastify. Write ${calls.map((call) => `\`${call}\``).join(' or ')}, with ` +
      '`@Res({ passthrough: true }) response` in the handler',
    status: 500,
  });
}

export function isResponseSent(response: OAuthResponse): boolean {
  return 'headersSent' in response ? response.headersSent : response.sent;
}

/**
 * Adds a cookie to a response, and keeps its other cookies.
 * @throws {OAuthError} `response_sent` (status 500) when the response was already sent
 */
export function addCookie(response: OAuthResponse, cookie: string): void {
  if (isResponseSent(response)) {
    throw new OAuthError('response_sent', {
      description:
        'the response was sent before the cookie of the login could be set; expected an open response. Start the login before ' +
        'you send the response',
      status: 500,
    });
  }
  if ('appendHeader' in response) response.appendHeader('Set-Cookie', cookie);
  else response.header('Set-Cookie', cookie); // Fastify appends to `Set-Cookie`
}
