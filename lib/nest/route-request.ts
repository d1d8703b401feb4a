import type { ExecutionContext } from '@nestjs/common';
import type { OAuthRequest } from '../oauth-request.js';

/** What no cache keeps, and no other site learns: the URL of a callback has a code, and an error may repeat it. */
const PRIVATE = { 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' };

/** The answer of Express, or the reply of Fastify. */
interface PlatformResponse {
  header(name: string, value: string): unknown;
}

/**
 * Returns the request of a login or logout route, and marks its answer as private, whether it becomes a page or an error. The
 * request knows its answer, as on Express: on Fastify, it is set here.
 */
export function requestOf(context: ExecutionContext): OAuthRequest {
  const http = context.switchToHttp();
  const request = http.getRequest<OAuthRequest>();
  const response = http.getResponse<PlatformResponse>();
  for (const [name, value] of Object.entries(PRIVATE)) response.header(name, value);
  return request.res === undefined ? Object.assign(request, { res: response }) : request;
}
