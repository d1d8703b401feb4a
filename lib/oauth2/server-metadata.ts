import type { AxiosInstance } from 'axios';
import { processDiscoveryResponse, type AuthorizationServer } from 'oauth4webapi';
import type { OAuth2ClientConfig } from '../config/client-config.js';
import { ProviderError } from '../oauth.errors.js';
import { endpointFetch } from './endpoint-fetch.js';
import type { Provider } from './provider.js';

/** Milliseconds for which metadata is used before it is read again. */
const MAX_AGE = 60 * 60 * 1000;
const OPENID_CONFIGURATION = '/.well-known/openid-configuration';
const OAUTH_METADATA = '/.well-known/oauth-authorization-server';

/** The provider of one client; its metadata is read at first use, by one request however many ask. */
export class ServerMetadata {
  readonly #http: AxiosInstance;
  readonly #config: OAuth2ClientConfig;
  #loading?: Promise<Provider>;
  #loadedAt = 0;

  constructor(http: AxiosInstance, config: OAuth2ClientConfig) {
    this.#http = http;
    this.#config = config;
  }

  /** @throws {ProviderError} when the metadata cannot be read, or belongs to another issuer; the next call tries again */
  load(now = Date.now()): Promise<Provider> {
    if (this.#loading && now - this.#loadedAt < MAX_AGE) return this.#loading;
    this.#loadedAt = now;
    const loading = this.#load();
    loading.catch(() => (this.#loadedAt = 0));
    return (this.#loading = loading);
  }

  async #load(): Promise<Provider> {
    const { authorizeUrl, accessTokenUrl, serverMetadataUrl } = this.#config;
    const metadata = serverMetadataUrl
      ? await this.#discover(serverMetadataUrl)
      : { issuer: new URL(accessTokenUrl ?? '').origin };
    const server: AuthorizationServer = {
      ...metadata,
      ...(authorizeUrl && { authorization_endpoint: authorizeUrl }),
      ...(accessTokenUrl && { token_endpoint: accessTokenUrl }),
    };
    return { config: this.#config, http: this.#http, server };
  }

  async #discover(url: string): Promise<AuthorizationServer> {
    const response = await endpointFetch(this.#http, this.#config)(url, { method: 'GET', headers: {} });
    try {
      const issuer = expectedIssuer(url) ?? new URL(await ownIssuer(response.clone()));
      return await processDiscoveryResponse(issuer, response);
    } catch (error) {
      const why = error instanceof Error ? error.message : 'not JSON';
      throw new ProviderError({
        description: `${this.#config.name}: the server metadata at ${url} is refused: ${why}`,
      });
    }
  }
}

/** The issuer that a well-known URL is made from (OpenID Connect Discovery §4, RFC 8414 §3). */
function expectedIssuer(metadataUrl: string): URL | undefined {
  const { origin, pathname } = new URL(metadataUrl);
  if (pathname.endsWith(OPENID_CONFIGURATION)) return new URL(origin + pathname.slice(0, -OPENID_CONFIGURATION.length));
  if (pathname.startsWith(OAUTH_METADATA)) return new URL(origin + pathname.slice(OAUTH_METADATA.length));
  return undefined;
}

async function ownIssuer(response: Response): Promise<string> {
  return ((await response.json()) as { issuer: string }).issuer;
}
