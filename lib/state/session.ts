import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';

/** What the library reads and writes of a session: the session itself, or what {@link KeyedSession} has under one key. */
export type Session = Record<string, unknown>;

/** A session whose values are reached by methods alone, as those of `@fastify/secure-session`. */
export interface KeyedSession {
  get(key: string): unknown;
  set(key: string, value: unknown): unknown;
  /** All values, where the session can list them. */
  data?: () => unknown;
}

/** The key of a {@link KeyedSession} under which all logins are. */
export const KEY = '_oauth_logins';
/** Which session a copy of the logins was read from. */
const sources = new WeakMap<Session, KeyedSession>();

/** @throws {OAuthError} `missing_session` (status 500) when there is no session middleware, or none that can be used */
export function requireSession(request: OAuthRequest): Session {
  const session = sessionOf(request);
  if (!isKeyed(session)) return session as Session;
  const kept = session.get(KEY) ?? {};
  if (typeof (kept as { then?: unknown }).then === 'function') {
    throw unusable('the session of the request is read asynchronously; expected values at once');
  }
  const copy = { ...(kept as Session) };
  sources.set(copy, session);
  return copy;
}

/** @throws {OAuthError} `missing_session` (status 500) when there is no session middleware */
export function sessionOf({ session }: OAuthRequest): object {
  if (typeof session === 'object' && session !== null) return session;
  throw unusable(
    'the request has no session to keep the pending login in. Add one before the routes, in main.ts: ' +
      "`app.use(session({ secret, resave: false, saveUninitialized: false }))` with `import session from 'express-session'` " +
      '(on Fastify, register @fastify/cookie and @fastify/session)',
  );
}

/**
 * Puts a value into a session.
 * @throws {OAuthError} `missing_session` (status 500) when the session does not take it
 */
export function setIn(session: Session, name: string, value: unknown): void {
  if (!Reflect.set(session, name, value)) throw unusable('the session of the request cannot be written to');
}

/** Gives changed logins back to the session that they were read from; other sessions have them already. */
export function writeBack(session: Session): void {
  sources.get(session)?.set(KEY, { ...session });
}

/** A session that was made for this very request: the browser sent none that exists. */
export function isNew(session: Session): boolean {
  const source = sources.get(session);
  const values = source ? (listed(source) ?? session) : session;
  return Object.keys(values).every((key) => key === 'cookie');
}

/** A session without `save()` has no store: all that it holds is in the browser's cookie. */
export function isCookieSession(session: Session): boolean {
  return typeof session.save !== 'function';
}

/** A session whose values are reached by methods alone. That of `@fastify/session` has `save()` and properties too. */
export function isKeyed(session: object): session is KeyedSession {
  const { get, set, save } = session as Partial<Record<string, unknown>>;
  return typeof get === 'function' && typeof set === 'function' && typeof save !== 'function';
}

/** All values of a keyed session, where it can list them. */
export function listed(session: KeyedSession): Session | undefined {
  return typeof session.data === 'function' ? ((session.data() ?? {}) as Session) : undefined;
}

function unusable(what: string): OAuthError {
  return new OAuthError('missing_session', {
    description: `${what}, or keep logins in cookies of their own: \`state: 'cookie'\``,
    status: 500,
  });
}
