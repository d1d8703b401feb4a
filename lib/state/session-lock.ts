import type { OAuthRequest } from '../common/oauth-request.js';
import { logEvent } from '../common/log.js';
import { errorFields } from '../observability/error-fields.js';
import { thrownText } from '../errors/error-text.js';
import { OAuthError } from '../errors/oauth.errors.js';
import { finished, type Done } from './finished.js';
import { replaceState } from './session-entries.js';
import { isCookieSession, isNew, writeBack, type Session } from './session.js';

/** A store as `express-session` and `@fastify/session` have it. */
interface SessionStore {
  get(id: string, done: (error: unknown, session?: Session | null) => void): void;
}
type Save = (done: Done) => unknown;

/** A session, and where it is stored. */
interface Stored {
  session: Session;
  store: SessionStore;
  id: string;
}

/** The last step that holds or waits for the lock of a session, by the session's store and id. */
const lastSteps = new WeakMap<SessionStore, Map<string, Promise<unknown>>>();
/** The `save()` of a session whose `save()` was replaced by one that reloads logins first. */
const ownSaves = new WeakMap<Session, Save>();

/**
 * Runs a step while no other request of this process runs one with the same session, after the pending logins were read again
 * from the session's store. A middleware loads the session when its request begins, and writes it whole: without this, it would
 * undo what other requests began or finished meanwhile. What the application itself keeps in the session is left alone.
 * @throws {OAuthError} `session_error` when the store fails
 */
export async function withSessionLock<T>(request: OAuthRequest, session: Session, step: () => Promise<T>): Promise<T> {
  const stored = whereStored(request, session);
  if (!stored) return step();
  reloadLoginsAtEverySave(stored);
  return queue(stored, async () => {
    await reloadLogins(stored);
    return step();
  });
}

/** @throws {OAuthError} `session_error` when it cannot be saved */
export async function saveSession(session: Session): Promise<void> {
  writeBack(session);
  if (isCookieSession(session)) return;
  const save = ownSaves.get(session) ?? (session.save as Save);
  try {
    await finished((done) => save.call(session, done));
  } catch (error) {
    throw sessionError('the session could not be saved, so the login could not be kept', error);
  }
}

/** Nothing, for a session that no other request can have: a new one, or one that is its cookie. */
function whereStored(request: OAuthRequest, session: Session): Stored | undefined {
  const { sessionStore: store } = request as { sessionStore?: SessionStore };
  const id = session.id ?? session.sessionId; // of express-session, and of @fastify/session
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
  await previous?.catch(() => undefined); // its own caller gets the error
  return step();
}

/** Replaces the logins in the session by those in the store: a login that is no longer there was taken, and must not come back. */
async function reloadLogins({ session, store, id }: Stored): Promise<void> {
  const copy = await new Promise<Session | null | undefined>((resolve, reject) => {
    store.get(id, (error, found) => {
      if (error) reject(sessionError('the session could not be read again', error));
      else resolve(found);
    });
  });
  if (copy) replaceState(session, copy); // one that is not stored yet was made by this request
}

/**
 * The middleware may save the session once more when the request ends (`@fastify/session` always does, except with
 * `rolling: false`).
 */
function reloadLoginsAtEverySave(stored: Stored): void {
  const { session } = stored;
  if (ownSaves.has(session)) return;
  ownSaves.set(session, session.save as Save);
  const save = (done?: Done): unknown => {
    const saved = queue(stored, async () => {
      await reloadLogins(stored);
      await saveSession(session);
    });
    if (done) {
      void saved.then(() => done()).catch((error: unknown) => failWith(done, error));
      return session;
    }
    saved.catch(logNotSaved); // nobody may wait for it
    return saved;
  };
  Object.defineProperty(session, 'save', { value: save, configurable: true, writable: true });
}

/**
 * Gives a callback the error of the store, or what the callback itself threw while it wrote the answer: such as a header with
 * a character that no header may have. An error that nobody catches ends the process.
 */
function failWith(done: Done, error: unknown): void {
  try {
    done(error as Error);
  } catch (again) {
    logNotSaved(again);
  }
}

function logNotSaved(error: unknown): void {
  if (error instanceof OAuthError) error.log({ event: 'session not saved', step: 'session_store' });
  else logEvent('error', 'session not saved', { ...errorFields(error), detail: thrownText(error) });
}

function sessionError(what: string, cause: unknown): OAuthError {
  return new OAuthError('session_error', {
    description: `${what}; see the session store`,
    detail: thrownText(cause),
    status: 500,
    cause,
  });
}
