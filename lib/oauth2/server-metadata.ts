import type { AxiosInstance } from 'axios';
import { processDiscoveryResponse, type AuthorizationServer } from 'oauth4webapi';
import type { OAuth2ClientConfig } from '../config/client-config.js';
import { isHttpUrl } from '../config/settings-schema.js';
import { ProviderError } from '../oauth.errors.js';
import { endpointFetch } from './endpoint-fetch.js';
import { ENDPOINTS, type Provider } from './provider.js';

const MINUTES = 60_000;
/** How long metadata is used before it is read again: what its `Cache-Control` says, within these bounds. */
const FRESH = { default: 60 * MINUTES, atLeast: 5 * MINUTES, atMost: 24 * 60 * MINUTES };
/** How long the last good copy is used before the provider, which was down, is asked again. */
const RETRY = MINUTES;

const OPENID_CONFIGURATION = '/.well-known/openid-configuration';
const OAUTH_METADATA = '/.well-known/oauth-authorization-server';

/** The provider of one client; its metadata is read at first use, by one request however many ask. */
export class ServerMetadata {
  readonly #http: AxiosInstance;
  readonly #config: OAuth2ClientConfig;
  #known?: { provider: Provider; freshUntil: number };
  #loading?: Promise<Provider>;

  constructor(http: AxiosInstance, config: OAuth2ClientConfig) {
    this.#http = http;
    this.#config = config;
  }

  /**
   * @throws {ProviderError} when the metadata cannot be read, or belongs to another issuer, and was never read before; the
   * next call tries again
   */
  async load(): Promise<Provider> {
    if (this.#known && Date.now() < this.#known.freshUntil) return this.#known.provider;
    return (this.#loading ??= this.#reload().finally(() => (this.#loading = undefined)));
  }

  async #reload(): Promise<Provider> {
    try {
      const { metadata, lifetime } = await this.#read();
      this.#known = { provider: this.#providerWith(metadata), freshUntil: Date.now() + lifetime };
    } catch (error) {
      if (!this.#known) throw error;
      this.#known = { ...this.#known, freshUntil: Date.now() + RETRY };
    }
    return this.#known.provider;
  }

  async #read(): Promise<{ metadata: AuthorizationServer; lifetime: number }> {
    const { accessTokenUrl = '', serverMetadataUrl: url } = this.#config;
    if (url === undefined) return { metadata: { issuer: new URL(accessTokenUrl).origin }, lifetime: Infinity };
    const response = await endpointFetch(this.#http, this.#config)(url, { method: 'GET', headers: {} });
    try {
      const issuer = expectedIssuer(url) ?? new URL(await ownIssuer(response.clone()));
      return { metadata: await processDiscoveryResponse(issuer, response), lifetime: lifetimeOf(response) };
    } catch (error) {
      const why = error instanceof Error ? error.message : 'not JSON';
      throw new ProviderError({
        description: `${this.#config.name}: the server metadata at ${url} is refused: ${why}`,
      });
    }
  }

  /** Endpoints that the settings name win; those of the metadata that are no URLs do not count. */
  #providerWith(metadata: AuthorizationServer): Provider {
    const { authorizeUrl, accessTokenUrl } = this.#config;
    const unusable = ENDPOINTS.filter((endpoint) => !isHttpUrl(metadata[endpoint] ?? ''));
    const server = {
      ...metadata,
      ...Object.fromEntries(unusable.map((endpoint) => [endpoint, undefined])),
      ...(authorizeUrl && { authorization_endpoint: authorizeUrl }),
      ...(accessTokenUrl && { token_endpoint: accessTokenUrl }),
    };
    return { config: this.#config, http: this.#http, server };
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

/** Milliseconds (RFC 9111 §5.2.2.1). */
function lifetimeOf(response: Response): number {
  const [, seconds] = /\bmax-age=(\d+)/.exec(response.headers.get('cache-control') ?? '') ?? [];
  const told = seconds === undefined ? FRESH.default : Number(seconds) * 1000;
  return Math.min(Math.max(told, FRESH.atLeast), FRESH.atMost);
}
