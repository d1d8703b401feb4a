import type { OAuthRequest } from '../common/oauth-request.js';
import { finished, type Done } from './finished.js';
import { stateOf } from './session-entries.js';
import { withSessionLock } from './session-lock.js';
import { isKeyed, requireSession, sessionOf, writeBack } from './session.js';

/**
 * Creates a new session with a new id. Call it when a user signs in, to prevent session fixation. Keeps the pending logins of the
 * browser's other tabs, and discards all other data of the old session. Does not change a session of `cookie-session`, which
 * cannot be regenerated.
 *
 * @throws {OAuthError} `missing_session` (status 500) when the request has no session
 * @throws {Error} the error of the session store
 */
export async function regenerateSession(request: OAuthRequest): Promise<void> {
  const session = requireSession(request);
  await withSessionLock(request, session, async () => {
    const state = stateOf(session);
    await regenerate(sessionOf(request));
    const fresh = Object.assign(requireSession(request), state);
    writeBack(fresh);
  });
}

async function regenerate(session: object): Promise<void> {
  const { regenerate } = session as { regenerate?: (done?: Done) => unknown };
  if (typeof regenerate !== 'function') return;
  // `regenerate()` of a keyed session is synchronous, and its parameter is a list of keys to keep
  if (isKeyed(session)) await regenerate.call(session);
  else await finished((done) => regenerate.call(session, done));
}
