import type { OAuthRequest } from '../common/oauth-request.js';
import { finished, type Done } from './finished.js';
import { stateOf } from './session-entries.js';
import { withSessionLock } from './session-lock.js';
import { isKeyed, requireSession, sessionOf, writeBack } from './session.js';

/**
 * Gives the browser a new session with a new id, as one should when a user signs in (against session fixation), and takes
 * along the logins that its other tabs have pending. Everything else in the old session is gone. A session of `cookie-session`
 * has neither an id nor a way to be emptied, and stays.
 *
 * @throws {OAuthError} `missing_session` (status 500) when there is no session middleware
 * @throws {Error} of the session store
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
  // that of a keyed session is done when it returns, and takes the names of values to keep
  if (isKeyed(session)) await regenerate.call(session);
  else await finished((done) => regenerate.call(session, done));
}
