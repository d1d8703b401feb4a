import { createHash } from 'node:crypto';
import type { OAuthRequest } from '../oauth-request.js';
import { MismatchingStateError, OAuthError } from '../oauth.errors.js';
import { warnOnce } from '../warn-once.js';

/** Seconds that a login may take. */
const LIFETIME = 3600;
/** Pending logins that one session keeps; the oldest go. */
const MAX_PENDING = 20;
/** The same for a session that is its cookie: a browser drops a cookie over 4 KiB. */
const MAX_PENDING_IN_COOKIE = 5;
/** Used states that are remembered. */
const MAX_USED = 5;
const PREFIX = '_state_';
/** Under this key lie digests of the last states that were used, so that a reload can be told from a forgery. */
const USED = '_used_states';

/** Of what may be pending, what a browser should not read: of OAuth 1, and of DPoP. */
const SECRETS = ['requestTokenSecret', 'dpopKey'];
const EXPOSED_SECRET =
  'The session is kept in a cookie, so the browser holds the secret of the OAuth 1 request token, or the private key of ' +
  'DPoP. Use a session with a store (express-session) to keep them on the server.';

type Session = Record<string, unknown>;
type Kind = NonNullable<Pending['kind']>;
interface Entry {
  data: Pending;
  /** Seconds since 1970. */
  exp: number;
}

/** What waits in a session until its callback comes. */
export interface Pending {
  /** A logout never passes for a login, nor the other way round. */
  kind?: 'login' | 'logout';
  /** The client that it was begun with; no other may finish it. */
  provider: string;
}

/**
 * Keeps a pending login, or logout, in the session, under `_state_{name}_{state}`, and saves the session before it returns: a browser
 * that follows the redirect at once must find it.
 * @throws {OAuthError} `missing_session` (status 500) when there is no session, `session_error` when it cannot be saved
 */
export async function savePending(request: OAuthRequest, state: string, pending: Pending): Promise<void> {
  const session = requireSession(request);
  if (isCookieSession(session) && holdsSecret({ ...pending })) warnOnce(EXPOSED_SECRET);
  makeRoom(session);
  session[keyOf(pending.provider, state)] = { data: pending, exp: nowInSeconds() + LIFETIME } satisfies Entry;
  await save(session);
}

/**
 * Takes a pending login, or logout, out of the session; it can be taken once.
 * @throws {MismatchingStateError} when the session has none such; its reason says why
 * @throws {OAuthError} `missing_session` (status 500) when there is no session middleware
 */
export async function takePending<P extends Pending>(
  request: OAuthRequest,
  kind: Kind,
  provider: string,
  state: string,
): Promise<P> {
  const session = requireSession(request);
  if (isNew(session)) throw new MismatchingStateError('no_session', kind);
  const key = keyOf(provider, state);
  const entry = findEntry(session, key, kind, provider);
  if (!entry) {
    throw new MismatchingStateError(usedStates(session).includes(digest(key)) ? 'used_state' : 'unknown_state', kind);
  }
  await remove(session, key);
  if (entry.exp < nowInSeconds()) throw new MismatchingStateError('expired_state', kind);
  return entry.data as P;
}

/** Forgets a pending login that the provider or the user refused, if there is one. */
export async function discardPendingLogin(request: OAuthRequest, provider: string, state: string): Promise<void> {
  const session = sessionOf(request);
  const key = keyOf(provider, state);
  if (session && findEntry(session, key, 'login', provider)) await remove(session, key);
}

/** The provider is compared too: `_state_a_b_c` is both the state `b_c` of `a` and the state `c` of `a_b`. */
function findEntry(session: Session, key: string, kind: Kind, provider: string): Entry | undefined {
  const entry = Object.hasOwn(session, key) ? (session[key] as Entry) : undefined;
  if (entry?.data.provider !== provider) return undefined;
  return (entry.data.kind ?? 'login') === kind ? entry : undefined;
}

async function remove(session: Session, key: string): Promise<void> {
  Reflect.deleteProperty(session, key);
  session[USED] = [...usedStates(session), digest(key)].slice(-MAX_USED);
  await save(session);
}

/** @throws {OAuthError} `missing_session` (status 500) when there is no session middleware */
export function requireSession(request: OAuthRequest): Session {
  const session = sessionOf(request);
  if (!session) throw missingSession();
  return session;
}

/** All that a session keeps of logins, pending and used. */
export function stateOf(session: Session): Session {
  return Object.fromEntries(Object.entries(session).filter(([key]) => key.startsWith(PREFIX) || key === USED));
}

function sessionOf(request: OAuthRequest): Session | undefined {
  return typeof request.session === 'object' && request.session !== null ? (request.session as Session) : undefined;
}

/** A session that was made for this very request: the browser sent none that exists. */
function isNew(session: Session): boolean {
  return Object.keys(session).every((key) => key === 'cookie');
}

function keyOf(provider: string, state: string): string {
  return `${PREFIX}${provider}_${state}`;
}

function pendingKeys(session: Session): string[] {
  return Object.keys(session).filter((key) => key.startsWith(PREFIX));
}

/** Drops what is expired, and then the oldest, until there is room for one more. */
function makeRoom(session: Session): void {
  const expiry = (key: string): number => (session[key] as Entry | undefined)?.exp ?? 0;
  const oldestFirst = pendingKeys(session).sort((a, b) => expiry(a) - expiry(b));
  const surplus = oldestFirst.length - (isCookieSession(session) ? MAX_PENDING_IN_COOKIE : MAX_PENDING) + 1;
  oldestFirst.forEach((key, index) => {
    if (index < surplus || expiry(key) < nowInSeconds()) Reflect.deleteProperty(session, key);
  });
}

function usedStates(session: Session): string[] {
  return Array.isArray(session[USED]) ? (session[USED] as string[]) : [];
}

function digest(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 16);
}

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** A session without `save()` has no store: all that it holds is in the browser's cookie. */
function isCookieSession(session: Session): boolean {
  return typeof session.save !== 'function';
}

async function save(session: Session): Promise<void> {
  if (isCookieSession(session)) return;
  await new Promise<void>((resolve, reject) => {
    (session.save as (done: (error?: unknown) => void) => void).call(session, (error) => {
      if (error) reject(sessionNotSaved(error));
      else resolve();
    });
  });
}

function missingSession(): OAuthError {
  return new OAuthError('missing_session', {
    description:
      'the request has no session to keep the pending login in. Add one before the routes, in main.ts: ' +
      "`app.use(session({ secret, resave: false, saveUninitialized: false }))` with `import session from 'express-session'` " +
      '(on Fastify, register @fastify/cookie and @fastify/session)',
    status: 500,
  });
}

function sessionNotSaved(cause: unknown): OAuthError {
  return new OAuthError('session_error', {
    description: 'the session could not be saved, so the login could not be kept; see the session store',
    status: 500,
    cause,
  });
}

function holdsSecret(pending: Record<string, unknown>): boolean {
  return SECRETS.some((name) => pending[name] !== undefined);
}
