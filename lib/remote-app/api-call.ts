import type { AxiosResponse } from 'axios';
import type { ClientConfig } from '../config/client-config.js';
import { OAuthConfigError, OAuthError } from '../errors/oauth.errors.js';
import { serverAttributes, traced } from '../observability/telemetry.js';

/**
 * Returns the absolute URL of an API call. A relative URL is resolved against `apiBaseUrl`.
 * @throws {OAuthConfigError} when the URL is relative and `apiBaseUrl` is missing
 */
export function apiUrl({ name, apiBaseUrl }: ClientConfig, url: string): URL {
  if (URL.canParse(url, apiBaseUrl)) return new URL(url, apiBaseUrl);
  throw new OAuthConfigError([
    `${name}.api_base_url: missing; the URL "${url}" is relative. Set api_base_url, or call an absolute URL`,
  ]);
}

/** @throws {OAuthError} `untrusted_origin` (status 500) when the client's tokens may not be sent to the origin of the URL */
export function requireApiOrigin({ name, apiOrigins }: ClientConfig, { origin }: URL): void {
  if (apiOrigins.has(origin)) return;
  throw new OAuthError('untrusted_origin', {
    description:
      `the tokens of "${name}" may not be sent to ${origin}. If the origin belongs to the provider, add it to ` +
      'api_origins. Otherwise, call the URL with `withholdToken: true`',
    status: 500,
  });
}

/** Sends an API call within a span. */
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
