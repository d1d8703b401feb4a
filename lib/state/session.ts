import { fieldsOf } from '../common/fields-of.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';
import { isPromise } from './finished.js';

/** The values of a session: the session itself, or a copy of the logins in a {@link KeyedSession}. */
export type Session = Record<string, unknown>;

/** A session whose values are only accessible with methods, such as that of `@fastify/secure-session`. */
export interface KeyedSession {
  get(key: string): unknown;
  set(key: string, value: unknown): unknown;
  /** Returns all values. Missing if the session cannot list them. */
  data?: () => unknown;
}

/** The key of all logins in a {@link KeyedSession}. */
export const KEY = '_oauth_logins';
/** The session from which a copy of the logins was read. */
const sources = new WeakMap<Session, KeyedSession>();

/** @throws {OAuthError} `missing_session` (status 500) when the request has no session, or the session is not supported */
export function requireSession(request: OAuthRequest): Session {
  const session = sessionOf(request);
  if (!isKeyed(session)) return session as Session;
  const kept = session.get(KEY) ?? {};
  if (isPromise(kept)) {
    throw unusable('the session of the request returns its values asynchronously; expected synchronous values');
  }
  const copy: Session = { ...fieldsOf(kept) };
  sources.set(copy, session);
  return copy;
}

/** @throws {OAuthError} `missing_session` (status 500) when the request has no session */
export function sessionOf({ session }: OAuthRequest): object {
  if (typeof session === 'object' && session !== null) return session;
  throw unusable(
    'the request has no session to keep the pending login in. Add one before the routes, in main.ts: ' +
      "`app.use(session({ secret, resave: false, saveUninitialized: false }))` with `import session from 'express-session'` " +
      '(on Fastify, register @fastify/cookie and @fastify/session)',
  );
}

/**
 * Sets a value in a session.
 * @throws {OAuthError} `missing_session` (status 500) when the session is read-only
 */
export function setIn(session: Session, name: string, value: unknown): void {
  if (!Reflect.set(session, name, value))
    throw unusable('the session of the request is read-only; expected a writable session');
}

/** Writes changed logins back to the keyed session from which they were read. Does nothing for other sessions. */
export function writeBack(session: Session): void {
  sources.get(session)?.set(KEY, { ...session });
}

/** Returns whether a session is empty, which means that it was created for this request. */
export function isNew(session: Session): boolean {
  const source = sources.get(session);
  const values = source ? (listed(source) ?? session) : session;
  return Object.keys(values).every((key) => key === 'cookie');
}

/** Returns whether a session has no `save()`, and therefore no store: its values are in the browser's cookie. */
export function isCookieSession(session: Session): boolean {
  return typeof session.save !== 'function';
}

/** Returns whether a session is keyed. A session of `@fastify/session`, which has `save()` and properties too, is not. */
export function isKeyed(session: object): session is KeyedSession {
  const { get, set, save } = fieldsOf(session);
  return typeof get === 'function' && typeof set === 'function' && typeof save !== 'function';
}

/** Returns all values of a keyed session, or undefined if it cannot list them. */
export function listed(session: KeyedSession): Session | undefined {
  return typeof session.data === 'function' ? fieldsOf(session.data()) : undefined;
}

function unusable(what: string): OAuthError {
  return new OAuthError('missing_session', {
    description: `${what}. Or keep logins in separate cookies, with the module option \`state: 'cookie'\``,
    status: 500,
  });
}
