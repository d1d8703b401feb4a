import type { OAuthRequest } from '../oauth-request.js';
import { OAuthError } from '../oauth.errors.js';

/** A session of whatever middleware there is, with what the application keeps in it. */
export type Session = Record<string, unknown>;

/** @throws {OAuthError} `missing_session` (status 500) when there is no session middleware */
export function requireSession({ session }: OAuthRequest): Session {
  if (typeof session === 'object' && session !== null) return session as Session;
  throw new OAuthError('missing_session', {
    description:
      'the request has no session to keep the pending login in. Add one before the routes, in main.ts: ' +
      "`app.use(session({ secret, resave: false, saveUninitialized: false }))` with `import session from 'express-session'` " +
      "(on Fastify, register @fastify/cookie and @fastify/session), or keep logins in cookies of their own: `state: 'cookie'`",
    status: 500,
  });
}

/** A session that was made for this very request: the browser sent none that exists. */
export function isNew(session: Session): boolean {
  return Object.keys(session).every((key) => key === 'cookie');
}

/** A session without `save()` has no store: all that it holds is in the browser's cookie. */
export function isCookieSession(session: Session): boolean {
  return typeof session.save !== 'function';
}
