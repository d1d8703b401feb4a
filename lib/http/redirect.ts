import type { ProtectedRequest } from './messages.js';
import { ProviderError, OAuthErrorCode } from '../errors/oauth.errors.js';

export const REDIRECTS = [301, 302, 303, 307, 308];
/** What any server may learn of a call. Every other header is ours, and may hold a secret. */
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
 * Returns the request that a redirect asks for (RFC 9110 §15.4): 307 and 308 keep method and body, the others become a GET.
 * @throws {ProviderError} when it cannot be followed
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
      description: 'the API redirected to a URL that is not http or https',
    });
  }
  const { host: _, ...others } = headers;
  if (status === 307 || status === 308 || method === 'GET' || method === 'HEAD') {
    if (isStream(data)) {
      throw new ProviderError({
        error: OAuthErrorCode.PROVIDER_REDIRECTED,
        description: `the API answered ${status}, but a stream cannot be sent twice`,
      });
    }
    return { method, url: target.href, headers: others, data };
  }
  const kept = Object.entries(others).filter(([name]) => !name.startsWith('content-'));
  return { method: 'GET', url: target.href, headers: Object.fromEntries(kept), data: undefined };
}

/** Returns the request as a server that is not ours may see it: without credentials, cookies and custom headers. */
export function anonymous(request: ProtectedRequest): ProtectedRequest {
  const headers = Object.entries(request.headers).filter(([name]) => PUBLIC_HEADERS.includes(name));
  return { ...request, headers: Object.fromEntries(headers) };
}

/** Whether a body can be read once only. Multipart bodies of axios are streams of another kind than Node's. */
export function isStream(data: unknown): boolean {
  return typeof (data as { pipe?: unknown } | undefined)?.pipe === 'function';
}
