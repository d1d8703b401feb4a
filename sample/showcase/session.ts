import type { Request } from 'express';
import type { SessionData } from 'express-session';
import { regenerateSession } from 'nestjs-oauth-client';

declare module 'express-session' {
  /** What the showcase keeps in a session. */
  interface SessionData {
    userId: number;
    /** What an OpenID Connect provider told of the user. */
    claims?: Record<string, unknown>;
    /** The OpenID Connect provider at which this browser has a session too. */
    openIdProvider?: string;
    /** The login on another device that this browser waits for. */
    deviceLogin?: string;
  }
}

type SignedIn = Pick<SessionData, 'userId' | 'claims' | 'openIdProvider'>;

/** Signs a user in: under a new session id, so that nobody who planted the old one is signed in too. */
export async function beginSession(request: Request, signedIn: SignedIn): Promise<void> {
  await regenerateSession(request);
  Object.assign(request.session, signedIn);
}
