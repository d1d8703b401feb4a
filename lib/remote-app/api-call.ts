import type { AxiosResponse } from 'axios';
import type { ClientConfig } from '../config/client-config.js';
import { OAuthConfigError, OAuthError } from '../errors/oauth.errors.js';
import { serverAttributes, traced } from '../observability/telemetry.js';

/**
 * Returns the URL of an API call, which may be relative to `apiBaseUrl`.
 * @throws {OAuthConfigError} for a relative URL without `apiBaseUrl`
 */
export function apiUrl({ name, apiBaseUrl }: ClientConfig, url: string): URL {
  if (URL.canParse(url, apiBaseUrl)) return new URL(url, apiBaseUrl);
  throw new OAuthConfigError([`${name}.api_base_url: missing; "${url}" is relative`]);
}

/** @throws {OAuthError} `untrusted_origin` (status 500) for a URL that the client's tokens may not be sent to */
export function requireApiOrigin({ name, apiOrigins }: ClientConfig, { origin }: URL): void {
  if (apiOrigins.has(origin)) return;
  throw new OAuthError('untrusted_origin', {
    description:
      `${origin} is not where the tokens of "${name}" may be sent. If it is the provider's, list it in ` +
      'api_origins; if not, call it with `withholdToken: true`',
    status: 500,
  });
}

/** Sends an API call in a span. */
export function tracedCall<T>(
  client: string,
  method: string,
  target: URL,
  send: () => Promise<AxiosResponse<T>>,
): Promise<AxiosResponse<T>> {
  const attributes = {
    'oauth.client.name': client,
    'http.request.method': method.toUpperCase(),
    ...serverAttributes(target),
  };
  return traced('oauth.api_call', attributes, send, ({ status }) => ({ 'http.response.status_code': status }));
}
