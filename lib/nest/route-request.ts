import type { ExecutionContext } from '@nestjs/common';
import type { OAuthRequest } from '../oauth-request.js';

/** The request of a route. It knows its answer, as on Express: on Fastify, it is told here. */
export function requestOf(context: ExecutionContext): OAuthRequest {
  const http = context.switchToHttp();
  const request = http.getRequest<OAuthRequest>();
  return request.res === undefined ? Object.assign(request, { res: http.getResponse<unknown>() }) : request;
}
