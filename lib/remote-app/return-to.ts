import { OAuthError } from '../oauth.errors.js';

/** Never the name of a site; whatever leaves it, leaves ours. */
const HERE = 'https://here.invalid';

/**
 * Where the user goes after the login: a path of this site, or nothing.
 * @throws {OAuthError} `invalid_return_to` for anything else, so that a login link cannot send the user elsewhere
 */
export function checkReturnTo(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' && isPathOfThisSite(value)) return value;
  throw new OAuthError('invalid_return_to', {
    description: 'the address to return to must be a path of this site, such as "/account"',
  });
}

/** Browsers drop tabs and line breaks, and read `\` as `/`: `/\evil` and `/<tab>/evil` are other sites. */
function isPathOfThisSite(value: string): boolean {
  // eslint-disable-next-line no-control-regex -- these are the ones to refuse
  if (!value.startsWith('/') || /[\\\u0000-\u001f\u007f]/.test(value)) return false;
  return URL.canParse(value, HERE) && new URL(value, HERE).origin === HERE;
}
