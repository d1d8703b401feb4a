import type { OAuthRequest } from 'nestjs-oauth-client/protocol';

/** The session. It is kept in a signed cookie, so that the processes need no shared session store. */
export interface Session {
  /** The user who is signed in. */
  user?: { id: string; name: string };
  /** The process that started the login. */
  begunBy?: number;
  /** The process that completed the login. */
  finishedBy?: number;
}

export function sessionOf(request: OAuthRequest): Session {
  return request.session as Session;
}

export function endSession(request: OAuthRequest): void {
  Object.assign(request, { session: null });
}
