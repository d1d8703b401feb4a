import { fieldsOf } from '../common/fields-of.js';
import type { ProtectedRequest } from './messages.js';
import { ProviderError, OAuthErrorCode } from '../errors/oauth.errors.js';

export const REDIRECTS = [301, 302, 303, 307, 308];
/** Headers that any server may receive. Any other header may contain a secret. */
export const PUBLIC_HEADERS = [
  'accept',
  'accept-encoding',
  'accept-language',
  'user-agent',
  'content-type',
  'content-length',
  'content-encoding',
];

/**
 * Returns the request for a redirect (RFC 9110 §15.4). 307 and 308 keep the method and the body; the other statuses change the
 * method to GET.
 * @throws {ProviderError} when the redirect cannot be followed
 */
export function redirected(
  { method, url, headers, data }: ProtectedRequest,
  status: number,
  location: string,
): ProtectedRequest {
  const target = URL.canParse(location, url) ? new URL(location, url) : undefined;
  if (target?.protocol !== 'https:' && target?.protocol !== 'http:') {
    throw new ProviderError({
      error: OAuthErrorCode.PROVIDER_REDIRECTED,
      description: 'the API redirected to a URL that is not http or https. Check the URL of the API call',
    });
  }
  const { host: _, ...others } = headers;
  if (status === 307 || status === 308 || method === 'GET' || method === 'HEAD') {
    if (isStream(data)) {
      throw new ProviderError({
        error: OAuthErrorCode.PROVIDER_REDIRECTED,
        description:
          `the API redirected the request with status ${status}, but a stream cannot be sent twice. Send the request to the final ` +
          'URL, or send a body that is not a stream',
      });
    }
    return { method, url: target.href, headers: others, data };
  }
  const kept = Object.entries(others).filter(([name]) => !name.startsWith('content-'));
  return { method: 'GET', url: target.href, headers: Object.fromEntries(kept), data: undefined };
}

/** Returns the request for an untrusted server: without credentials, cookies and custom headers. */
export function anonymous(request: ProtectedRequest): ProtectedRequest {
  const headers = Object.entries(request.headers).filter(([name]) => PUBLIC_HEADERS.includes(name));
  return { ...request, headers: Object.fromEntries(headers) };
}

/** Returns whether a body can be read only once. Checks for `pipe()`, because multipart bodies of axios are not Node streams. */
export function isStream(data: unknown): boolean {
  return typeof fieldsOf(data).pipe === 'function';
}
