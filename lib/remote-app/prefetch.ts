import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';

/** Headers in which browsers say why they load a page: the standard one first (Fetch, `Sec-Purpose`). */
const PURPOSES = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'];
/** The page is loaded ahead of time: Chromium and Firefox say prefetch and prerender, Safari says preview. */
const AHEAD_OF_TIME = /\b(prefetch|prerender|preview)\b/i;

/**
 * Refuses a page that a browser loads ahead of time, which its user may never open: it would use up the state and the code of
 * a login, or begin a login that nobody asked for. The browser drops an answer that is not a success, and loads the page again
 * when the user opens it.
 * @throws {OAuthError} `prefetch_refused` (status 503, which no cache keeps)
 */
export function refusePrefetch({ headers = {} }: OAuthRequest): void {
  if (!PURPOSES.some((name) => AHEAD_OF_TIME.test(String(headers[name])))) return;
  const refusal = new OAuthError('prefetch_refused', {
    description:
      'the browser loaded this URL ahead of time (Sec-Purpose); expected a visit by the user. Nothing was used up. Keep login ' +
      'and logout URLs out of speculation rules and prefetched links',
    status: 503,
  });
  refusal.log({ event: 'prefetch refused' }, 'debug'); // nothing failed
  throw refusal;
}
