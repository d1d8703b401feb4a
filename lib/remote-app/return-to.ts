import { OAuthError } from '../errors/oauth.errors.js';

/** A host that is never the name of a site: a URL that leaves it would leave ours. */
const HERE = 'https://here.invalid';
/** Characters. The path waits in a session or a cookie, with those of other tabs. */
const LONGEST = 8192;

/**
 * Returns the path of this site that the user goes to after the login, in its normal form: percent-encoded, without dots.
 * What the application redirects to is what was checked.
 * @throws {OAuthError} `invalid_return_to` for anything else, so that a login link cannot send the user to another site
 */
export function checkReturnTo(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const path = typeof value === 'string' && value.length <= LONGEST ? pathOfThisSite(value) : undefined;
  if (path !== undefined) return path;
  throw new OAuthError('invalid_return_to', {
    description: 'returnTo is not a path of this site; expected a path that begins with one slash, such as "/account"',
  });
}

/** Browsers drop tabs and line breaks, and read `\` as `/`: `/\evil` and `/<tab>/evil` are other sites. */
function pathOfThisSite(value: string): string | undefined {
  // eslint-disable-next-line no-control-regex -- these are the ones to refuse
  if (!value.startsWith('/') || /[\\\u0000-\u001f\u007f]/.test(value) || !URL.canParse(value, HERE)) return undefined;
  const { origin, pathname, search, hash } = new URL(value, HERE);
  // the dots of `/.//evil` are gone by now, and a browser takes `//evil` for a host
  return origin === HERE && !pathname.startsWith('//') ? pathname + search + hash : undefined;
}
