import type { OAuthRequest } from '../common/oauth-request.js';
import { logEvent } from '../common/log.js';
import { errorFields } from '../observability/error-fields.js';
import { thrownText } from '../errors/error-text.js';
import { OAuthError } from '../errors/oauth.errors.js';
import { finished, type Done } from './finished.js';
import { replaceState } from './session-entries.js';
import { isCookieSession, isNew, writeBack, type Session } from './session.js';

/** A session store of `express-session` or `@fastify/session`. */
interface SessionStore {
  get(id: string, done: (error: unknown, session?: Session | null) => void): void;
}
type Save = (done: Done) => unknown;

/** A session with its store and its id. */
interface Stored {
  session: Session;
  store: SessionStore;
  id: string;
}

/** The last step that holds or waits for the lock of a session, by the session's store and id. */
const lastSteps = new WeakMap<SessionStore, Map<string, Promise<unknown>>>();
/** The original `save()` of sessions whose `save()` was replaced. */
const originalSaves = new WeakMap<Session, Save>();

/**
 * Runs a step after the pending logins were reloaded from the session store, while no other request of this process runs a step
 * for the same session. Session middleware loads the whole session when a request starts, and saves the whole session later:
 * without the lock, it would revert the logins that other requests have started or completed in the meantime. Does not change
 * the application's data in the session.
 * @throws {OAuthError} `session_error` (status 500) when the store fails
 */
export function withSessionLock<T>(request: OAuthRequest, session: Session, step: () => Promise<T>): Promise<T> {
  const stored = storedSession(request, session);
  if (!stored) return step();
  reloadLoginsBeforeEverySave(stored);
  return queue(stored, async () => {
    await reloadLogins(stored);
    return step();
  });
}

/** @throws {OAuthError} `session_error` (status 500) when the session cannot be saved */
export async function saveSession(session: Session): Promise<void> {
  writeBack(session);
  if (isCookieSession(session)) return;
  const save = originalSaves.get(session) ?? (session.save as Save);
  try {
    await finished((done) => save.call(session, done));
  } catch (error) {
    throw sessionError('the session could not be saved, so the pending login was not saved', error);
  }
}

/** Returns undefined for a session that other requests do not share: a new session, or a cookie session. */
function storedSession(request: OAuthRequest, session: Session): Stored | undefined {
  const { sessionStore: store } = request as { sessionStore?: SessionStore };
  const id = session.id ?? session.sessionId; // express-session, @fastify/session
  if (isCookieSession(session) || isNew(session) || !store || typeof id !== 'string') return undefined;
  return { session, store, id };
}

async function queue<T>({ store, id }: Stored, step: () => Promise<T>): Promise<T> {
  const steps = lastSteps.get(store) ?? new Map<string, Promise<unknown>>();
  lastSteps.set(store, steps);
  const queued = afterwards(steps.get(id), step);
  steps.set(id, queued);
  try {
    return await queued;
  } finally {
    if (steps.get(id) === queued) steps.delete(id);
  }
}

async function afterwards<T>(previous: Promise<unknown> | undefined, step: () => Promise<T>): Promise<T> {
  await previous?.catch(() => undefined); // the caller of the previous step receives the error
  return step();
}

/** Replaces the logins in the session with those in the store, because a login that is no longer in the store was used. */
async function reloadLogins({ session, store, id }: Stored): Promise<void> {
  const copy = await new Promise<Session | null | undefined>((resolve, reject) => {
    store.get(id, (error, found) => {
      if (error) reject(sessionError('the session could not be reloaded from its store', error));
      else resolve(found);
    });
  });
  if (copy) replaceState(session, copy); // undefined if this request created the session
}

/**
 * Replaces the session's `save()`, because the middleware may save the session again at the end of the request (always with
 * `@fastify/session`, except with `rolling: false`).
 */
function reloadLoginsBeforeEverySave(stored: Stored): void {
  const { session } = stored;
  if (originalSaves.has(session)) return;
  originalSaves.set(session, session.save as Save);
  const save = (done?: Done): unknown => {
    const saved = queue(stored, async () => {
      await reloadLogins(stored);
      await saveSession(session);
    });
    if (done) {
      void saved.then(() => done()).catch((error: unknown) => failWith(done, error));
      return session;
    }
    saved.catch(logNotSaved); // the caller may not await it, and an unhandled rejection would end the process
    return saved;
  };
  Object.defineProperty(session, 'save', { value: save, configurable: true, writable: true });
}

/**
 * Passes an error to a callback: the error of the store, or the error that the callback threw while it sent the response, such
 * as for a header with an invalid character. Logs an error that the callback throws, because an uncaught error ends the process.
 */
function failWith(done: Done, error: unknown): void {
  try {
    done(error as Error);
  } catch (callbackError) {
    logNotSaved(callbackError);
  }
}

function logNotSaved(error: unknown): void {
  if (error instanceof OAuthError) error.log({ event: 'session not saved', step: 'session_store' });
  else logEvent('error', 'session not saved', { ...errorFields(error), detail: thrownText(error) });
}

function sessionError(what: string, cause: unknown): OAuthError {
  return new OAuthError('session_error', {
    description: `${what}. Check the session store, and see the cause`,
    detail: thrownText(cause),
    status: 500,
    cause,
  });
}
