import type { ExecutionContext } from '@nestjs/common';
import type { OAuthRequest } from '../common/oauth-request.js';
import type { OAuthResponse } from '../state/oauth-response.js';

/** Headers against caching and against a `Referer` with the code: the URL of a callback has a code, and an error page may repeat it. */
const PRIVATE = { 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' };

/** The response of Express, or the reply of Fastify. */
type PlatformResponse = OAuthResponse & {
  header(name: string, value: string): unknown;
};

/** The request of a login or logout route, and its response. */
export interface Exchange {
  request: OAuthRequest;
  response: OAuthResponse;
}

/** Returns the request and the response of a login or logout route. Sets the headers of {@link PRIVATE} on the response. */
export function exchangeOf(context: ExecutionContext): Exchange {
  const http = context.switchToHttp();
  const response = http.getResponse<PlatformResponse>();
  for (const [name, value] of Object.entries(PRIVATE)) response.header(name, value);
  return { request: http.getRequest<OAuthRequest>(), response };
}
