import type { OAuthRequest } from '../oauth-request.js';
import { requireSession, stateOf } from './session-state.js';

/**
 * Gives the browser a new session with a new id, as one should when a user signs in (against session fixation), and takes
 * along the logins that its other tabs have pending. Everything else in the old session is gone. A session that is kept in a
 * cookie has no id, and stays.
 *
 * @throws {OAuthError} `missing_session` (status 500) when there is no session middleware
 * @throws {Error} of the session store
 */
export async function regenerateSession(request: OAuthRequest): Promise<void> {
  const session = requireSession(request);
  const state = stateOf(session);
  await new Promise<void>((resolve, reject) => {
    const { regenerate } = session as { regenerate?: (done: (error?: Error | null) => void) => void };
    if (!regenerate) resolve();
    else regenerate.call(session, (error) => (error ? reject(error) : resolve()));
  });
  Object.assign(requireSession(request), state);
}
