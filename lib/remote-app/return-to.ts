import { OAuthError } from '../errors/oauth.errors.js';

/** A base URL for the check: a path that leaves this origin would leave this site. `.invalid` is never a real host. */
const BASE = 'https://here.invalid';
/** In characters. The limit exists because the path is kept in a session or a cookie, together with those of other tabs. */
const MAX_LENGTH = 8192;

/**
 * Returns `returnTo` in its normalized form: percent-encoded, without dot segments. The application redirects to the returned
 * path, so the path that was checked is also the path that is used.
 * @throws {OAuthError} `invalid_return_to` when the value is not a path on this site: a login link must not redirect the user to
 * another site
 */
export function checkReturnTo(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const path = typeof value === 'string' && value.length <= MAX_LENGTH ? pathOfThisSite(value) : undefined;
  if (path !== undefined) return path;
  throw new OAuthError('invalid_return_to', {
    description: 'returnTo is not a path of this site; expected a path that begins with one slash, such as "/account"',
  });
}

/** Refuses `/\evil` and `/<tab>/evil`, which are other sites: browsers remove tabs and line breaks, and treat `\` as `/`. */
function pathOfThisSite(value: string): string | undefined {
  // eslint-disable-next-line no-control-regex -- control characters are refused
  if (!value.startsWith('/') || /[\\\u0000-\u001f\u007f]/.test(value) || !URL.canParse(value, BASE)) return undefined;
  const { origin, pathname, search, hash } = new URL(value, BASE);
  // `/.//evil` is normalized to `//evil`, which a browser treats as a host
  return origin === BASE && !pathname.startsWith('//') ? pathname + search + hash : undefined;
}
