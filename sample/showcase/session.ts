import type { Request } from 'express';
import type { SessionData } from 'express-session';
import { regenerateSession } from 'nestjs-oauth-client';

declare module 'express-session' {
  /** The data of a session. */
  interface SessionData {
    userId: number;
    /** The user's claims from an OpenID Connect provider. */
    claims?: Record<string, unknown>;
    /** The OpenID Connect provider with which the user signed in. */
    openIdProvider?: string;
    /** The id of the login on another device for which this browser waits. */
    deviceLogin?: string;
  }
}

type SignedIn = Pick<SessionData, 'userId' | 'claims' | 'openIdProvider'>;

/** Signs a user in under a new session id, to prevent session fixation. */
export async function beginSession(request: Request, signedIn: SignedIn): Promise<void> {
  await regenerateSession(request);
  Object.assign(request.session, signedIn);
}
