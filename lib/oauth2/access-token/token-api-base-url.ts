import { ownField } from '../../common/own-field.js';
import { isAllowedUrl, type UrlRules } from '../../config/allowed-url.js';
import type { TokenApiBaseUrlSettings } from '../../config/wire-settings.js';
import { OAuthError } from '../../errors/oauth.errors.js';

/** A URL without credentials, query, fragment and encoded characters, and with a host of ASCII letters. */
const PLAIN_URL = /^https?:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?(?:\/[\w./~-]{0,1000})?$/i;

interface TokenBaseRules extends UrlRules {
  readonly name: string;
  readonly tokenApiBaseUrl: Readonly<TokenApiBaseUrlSettings>;
}

/**
 * Returns the base URL of API calls in a field of the user's token, with a slash at its end. Returns undefined if the token does
 * not have the field.
 * @throws {OAuthError} `untrusted_origin` (status 502) when the field has a URL that may not receive the token
 */
export function apiBaseUrlOfToken(
  token: Readonly<Record<string, unknown>>,
  { name, tokenApiBaseUrl: { field, hosts, path = '' }, ...rules }: TokenBaseRules,
): string | undefined {
  const value = ownField(token, field);
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' && PLAIN_URL.test(value) && isAllowedUrl(value, rules) && isOfHosts(value, hosts)) {
    const base = value.replace(/\/$/, '');
    const relative = path.replace(/^\//, '');
    return relative === '' || relative.endsWith('/') ? `${base}/${relative}` : `${base}/${relative}/`;
  }
  throw new OAuthError('untrusted_origin', {
    description:
      `the tokens of "${name}" may not be sent to the URL in the field "${field}" of the token; expected an https URL without ` +
      'credentials, port, query and fragment, whose host is in token_api_base_url.hosts. If the host belongs to the provider, add it',
    status: 502,
  });
}

/** Returns whether the host of a URL is listed. Only https on its own port is allowed, and http where the settings allow it. */
function isOfHosts(url: string, hosts: readonly string[]): boolean {
  const { protocol, hostname, port } = new URL(url);
  if (protocol === 'https:' && port !== '') return false;
  return hosts.some((host) => (host.startsWith('*.') ? hostname.endsWith(host.slice(1)) : hostname === host));
}
