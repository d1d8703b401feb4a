import type { OAuthRequest } from '../oauth-request.js';
import { OAuthError } from '../oauth.errors.js';

/** An answer that cookies can be added to, beside those that others set. */
export interface CookieResponse {
  addCookie(header: string): void;
}

/** Of `node:http`, and so of Express. */
interface NodeResponse {
  readonly headersSent: boolean;
  appendHeader(name: string, value: string): unknown;
}

/** Of Fastify, whose `header()` adds to the cookies there are. */
interface FastifyReply {
  readonly sent: boolean;
  header(name: string, value: string): unknown;
}

/**
 * The answer to a request, to set cookies on.
 * @throws {OAuthError} `missing_response` (status 500) when the request knows none, `response_sent` (500) when it has left
 */
export function responseOf({ res }: OAuthRequest): CookieResponse {
  const response = res as Partial<NodeResponse & FastifyReply> | undefined;
  if (response?.headersSent ?? response?.sent) {
    throw new OAuthError('response_sent', {
      description: 'the answer was sent before the cookie of the login could be set; begin the login before you answer',
      status: 500,
    });
  }
  if (response?.appendHeader) {
    return { addCookie: (header) => (response as NodeResponse).appendHeader('Set-Cookie', header) };
  }
  if (response?.header) return { addCookie: (header) => (response as FastifyReply).header('Set-Cookie', header) };
  throw new OAuthError('missing_response', {
    description:
      'the request has no reference to its response, so the login cookie cannot be set. On Fastify without the decorators, ' +
      'call `Object.assign(request, { res: reply })` first',
    status: 500,
  });
}
