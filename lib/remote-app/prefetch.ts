import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';

/** Headers with the purpose of a request: the standard `Sec-Purpose` (Fetch), and its predecessors. */
const PURPOSES = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'];
/** Matches the purpose of a page that is loaded ahead of time. Chromium and Firefox send prefetch and prerender, Safari preview. */
const PREFETCH = /\b(prefetch|prerender|preview)\b/i;

/**
 * Refuses to load a page ahead of time: it would consume the state and the code of a login, or start a login, although the user
 * may never open the page. The browser discards an unsuccessful response, and loads the page again when the user opens it.
 * @throws {OAuthError} `prefetch_refused` when the browser loads the page ahead of time (status 503, which is not cached)
 */
export function refusePrefetch({ headers = {} }: OAuthRequest): void {
  if (!PURPOSES.some((name) => PREFETCH.test(String(headers[name])))) return;
  const refusal = new OAuthError('prefetch_refused', {
    description:
      'the browser loaded this URL ahead of time (Sec-Purpose); expected a visit by the user. The pending login is still valid. ' +
      'Exclude login and logout URLs from speculation rules and prefetched links',
    status: 503,
  });
  refusal.log({ event: 'prefetch refused' }, 'debug'); // not a failure
  throw refusal;
}
