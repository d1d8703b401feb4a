import type { OAuthRequest } from '../oauth-request.js';
import { stateOf } from './session-entries.js';
import { inTurn } from './session-turns.js';
import { requireSession } from './session.js';

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
  await inTurn(request, session, async () => {
    const state = stateOf(session);
    await regenerate(session);
    Object.assign(requireSession(request), state);
  });
}

async function regenerate(session: object): Promise<void> {
  const { regenerate } = session as { regenerate?: (done: (error?: Error | null) => void) => void };
  if (!regenerate) return;
  await new Promise<void>((resolve, reject) => {
    regenerate.call(session, (error) => (error ? reject(error) : resolve()));
  });
}
