import type { OAuthRequest } from '../oauth-request.js';
import { OAuthError } from '../oauth.errors.js';

/**
 * The absolute redirect URI: a relative one is resolved against `baseUrl`, or else against the request's own address by
 * the platform's trust-proxy setting. `:provider` in it stands for the client's name.
 * @throws {OAuthError} `invalid_redirect_uri` (status 500) when it cannot be made absolute
 */
export function absoluteRedirectUri(
  redirectUri: string,
  provider: string,
  request: OAuthRequest,
  baseUrl: string | undefined,
): string {
  const path = redirectUri.replace(':provider', encodeURIComponent(provider));
  if (/^[a-z][a-z0-9+.-]*:/i.test(path)) return path; // absolute: native schemes are allowed, RFC 8252 §7.1
  const base = baseUrl ?? `${request.protocol ?? 'http'}://${request.host ?? ''}`;
  try {
    return new URL(path, base).href;
  } catch {
    throw new OAuthError('invalid_redirect_uri', {
      description: `the redirect URI "${path}" cannot be made absolute: set \`baseUrl\`, or give the whole URL`,
      status: 500,
    });
  }
}
