import { isHttpUrl } from './value-schemas.js';

/** Returns whether a value is the URL of a site: scheme, host and port, without a path. */
export function isSiteUrl(value: unknown): value is string {
  if (!isHttpUrl(value)) return false;
  const { href, origin } = new URL(value);
  return href === `${origin}/`;
}
