import type { AxiosResponse } from 'axios';
import type { ClientConfig } from '../config/client-config.js';
import { apiBaseUrlOfToken } from '../oauth2/access-token/token-api-base-url.js';
import { OAuthConfigError, OAuthError } from '../errors/oauth.errors.js';
import { serverAttributes, traced } from '../observability/telemetry.js';
import type { OAuth1Token, OAuth2Token } from '../token/token.js';

/** The URL of an API call, and the origins that may receive the token. */
export interface ApiTarget {
  readonly url: URL;
  readonly origins: ReadonlySet<string>;
}

/**
 * Returns the absolute URL of an API call. A relative URL is resolved against `apiBaseUrl`.
 * @throws {OAuthConfigError} when the URL is relative and `apiBaseUrl` is missing
 */
export function apiUrl({ name, apiBaseUrl }: Pick<ClientConfig, 'name' | 'apiBaseUrl'>, url: string): URL {
  try {
    return new URL(url, apiBaseUrl);
  } catch {
    throw new OAuthConfigError([
      `${name}.api_base_url: missing; the URL "${url}" is relative. Set api_base_url, or call an absolute URL`,
    ]);
  }
}

/** Returns whether the URL of a call depends on the user's token (`tokenApiBaseUrl`). */
export function dependsOnToken(config: ClientConfig, url: string): boolean {
  if (config.protocol === 'OAuth 1' || !config.tokenApiBaseUrl) return false;
  return !URL.canParse(url) || !config.apiOrigins.has(new URL(url).origin);
}

/**
 * Returns the target of an API call with a token. With `tokenApiBaseUrl`, a relative URL is resolved against the URL in the token,
 * whose origin is trusted for this call.
 * @throws {OAuthConfigError} when the URL is relative, and neither the token nor the settings have a base URL
 * @throws {OAuthError} `untrusted_origin` when the token may not be sent to the URL, or the URL in the token is not allowed
 */
export function apiTarget(config: ClientConfig, url: string, token: OAuth1Token | OAuth2Token): ApiTarget {
  const base = baseUrlIn(token, config);
  const apiBaseUrl = base ?? config.apiBaseUrl;
  if (!URL.canParse(url, apiBaseUrl) && dependsOnToken(config, url)) throw missingBaseUrl(config, url);
  const target = apiUrl({ name: config.name, apiBaseUrl }, url);
  const origins = base === undefined ? config.apiOrigins : new Set([...config.apiOrigins, new URL(base).origin]);
  requireApiOrigin(config.name, target, origins);
  return { url: target, origins };
}

function baseUrlIn(token: OAuth1Token | OAuth2Token, config: ClientConfig): string | undefined {
  if (config.protocol === 'OAuth 1' || !config.tokenApiBaseUrl) return undefined;
  return apiBaseUrlOfToken(token, { ...config, tokenApiBaseUrl: config.tokenApiBaseUrl });
}

function missingBaseUrl(config: ClientConfig, url: string): OAuthConfigError {
  const field = config.protocol === 'OAuth 2' ? config.tokenApiBaseUrl?.field : undefined;
  return new OAuthConfigError([
    `${config.name}.api_base_url: missing; the URL "${url}" is relative, and the token has no field "${field}". Let the user sign in ` +
      'again, or set api_base_url',
  ]);
}

/** @throws {OAuthError} `untrusted_origin` (status 500) when the client's tokens may not be sent to the origin of the URL */
export function requireApiOrigin(name: string, { origin }: URL, origins: ReadonlySet<string>): void {
  if (origins.has(origin)) return;
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
  const attributes = () => ({
    'oauth.client.name': client,
    'http.request.method': method.toUpperCase(),
    ...serverAttributes(target),
  });
  return traced('oauth.api_call', attributes, send, ({ status }) => ({ 'http.response.status_code': status }));
}
