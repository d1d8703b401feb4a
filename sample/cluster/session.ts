import type { OAuthRequest } from 'nestjs-oauth-client/protocol';

/** What the site keeps in a signed cookie, so that its processes need not share it. */
export interface Session {
  /** Who is signed in. */
  user?: { id: string; name: string };
  /** The process that began their login. */
  begunBy?: number;
  /** The process that finished it. */
  finishedBy?: number;
}

export function sessionOf(request: OAuthRequest): Session {
  return request.session as Session;
}

export function endSession(request: OAuthRequest): void {
  Object.assign(request, { session: null });
}
