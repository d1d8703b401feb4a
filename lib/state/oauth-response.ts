import { OAuthError } from '../errors/oauth.errors.js';

/** The response that a login sets its cookies on: that of Express or `node:http`, or the reply of Fastify. */
export type OAuthResponse =
  | { readonly headersSent: boolean; appendHeader(name: string, value: string): unknown }
  | { readonly sent: boolean; header(name: string, value: string): unknown };

/**
 * Refuses a call without the response.
 * @param calls how to write the call
 * @throws {OAuthError} `missing_response` (status 500)
 */
export function requireResponse(response: unknown, ...calls: string[]): void {
  const { appendHeader, header } = (response ?? {}) as { appendHeader?: unknown; header?: unknown };
  if (typeof appendHeader === 'function' || typeof header === 'function') return;
  throw new OAuthError('missing_response', {
    description:
      'the second argument is not a response that the cookie of the login can be set on; expected the response of Express, or ' +
      `the reply of Fastify. Write ${calls.map((call) => `\`${call}\``).join(' or ')}, with ` +
      '`@Res({ passthrough: true }) response` in the handler',
    status: 500,
  });
}

/**
 * Adds a cookie to a response, beside those that others set.
 * @throws {OAuthError} `response_sent` (status 500) when the response has left
 */
export function addCookie(response: OAuthResponse, cookie: string): void {
  if ('headersSent' in response ? response.headersSent : response.sent) {
    throw new OAuthError('response_sent', {
      description: 'the answer was sent before the cookie of the login could be set; begin the login before you answer',
      status: 500,
    });
  }
  if ('appendHeader' in response) response.appendHeader('Set-Cookie', cookie);
  else response.header('Set-Cookie', cookie); // Fastify adds to the cookies there are
}
