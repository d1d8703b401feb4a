import { processDiscoveryResponse, type AuthorizationServer } from 'oauth4webapi';
import { isHttpUrl } from '../../config/settings-schema.js';
import { ProviderError } from '../../oauth.errors.js';
import { plainFetch } from './endpoint-fetch.js';
import { shown } from './failed-check.js';
import { ENDPOINTS, makeProvider, type Provider, type ProviderContext } from './provider.js';

const MINUTES = 60_000;
/** How long metadata is used before it is read again: what its `Cache-Control` says, within these bounds. */
const FRESH = { default: 60 * MINUTES, atLeast: 5 * MINUTES, atMost: 24 * 60 * MINUTES };
/** How long the last good copy is used before the provider, which was down, is asked again. */
const RETRY = MINUTES;

const OPENID_CONFIGURATION = '/.well-known/openid-configuration';
const OAUTH_METADATA = '/.well-known/oauth-authorization-server';

interface Read {
  metadata: AuthorizationServer;
  /** Milliseconds. */
  lifetime: number;
}

/** The provider of one client; its metadata is read at first use, by one request however many ask. */
export class ServerMetadata {
  readonly #context: ProviderContext;
  #known?: { provider: Provider; freshUntil: number };
  #loading?: Promise<Provider>;
  /** Why the last reading failed, if it did. */
  #failure?: Error;

  constructor(context: ProviderContext) {
    this.#context = context;
  }

  /**
   * @throws {ProviderError} when the metadata cannot be read, or belongs to another issuer, and was never read before; the
   * next call tries again
   */
  async load(): Promise<Provider> {
    if (this.#known && Date.now() < this.#known.freshUntil) return this.#known.provider;
    return (this.#loading ??= this.#reload().finally(() => (this.#loading = undefined)));
  }

  /**
   * The same, and no older copy counts when the last reading failed.
   * @throws {ProviderError} when it did
   */
  async check(): Promise<Provider> {
    const provider = await this.load();
    if (this.#failure) throw this.#failure;
    return provider;
  }

  async #reload(): Promise<Provider> {
    try {
      const { metadata, lifetime } = await this.#read();
      this.#known = { provider: this.#providerWith(metadata), freshUntil: Date.now() + lifetime };
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error as Error;
      if (!this.#known) throw error;
      this.#known = { ...this.#known, freshUntil: Date.now() + RETRY };
    }
    return this.#known.provider;
  }

  async #read(): Promise<Read> {
    const { serverMetadataUrl, issuer, endpoints } = this.#context.config;
    if (serverMetadataUrl !== undefined) return this.#readFrom(serverMetadataUrl, issuer);
    if (issuer === undefined || endpoints.jwks_uri !== undefined) {
      return { metadata: { issuer: issuer ?? new URL(endpoints.token_endpoint ?? '').origin }, lifetime: Infinity };
    }
    const { origin, pathname } = new URL(issuer);
    const path = pathname.replace(/\/$/, '');
    try {
      return await this.#readFrom(origin + path + OPENID_CONFIGURATION, issuer);
    } catch (failure) {
      const oauth = await this.#readFrom(origin + OAUTH_METADATA + path, issuer).catch(() => undefined);
      if (oauth) return oauth;
      throw failure;
    }
  }

  async #readFrom(url: string, issuer: string | undefined): Promise<Read> {
    const response = await plainFetch(this.#context.http)(url, {
      method: 'GET',
      headers: { accept: 'application/json' },
    });
    try {
      const own = await ownIssuer(response.clone());
      const expected = issuer ?? issuerOf(url, own);
      if (own !== expected) throw new TypeError(`it is of the issuer ${shown(own)}, expected ${shown(expected)}`);
      return { metadata: await processDiscoveryResponse(new URL(own), response), lifetime: lifetimeOf(response) };
    } catch (error) {
      const why = error instanceof Error ? error.message : 'not JSON';
      throw new ProviderError({
        description: `${this.#context.config.name}: the server metadata at ${url} is refused: ${why}`,
      });
    }
  }

  /** Endpoints that the settings name win; those of the metadata that are no URLs, or not secure, do not count. */
  #providerWith(metadata: AuthorizationServer): Provider {
    const { endpoints, allowInsecureHttp } = this.#context.config;
    const isUsable = (url: string): boolean => isHttpUrl(url) && (allowInsecureHttp || /^https:/i.test(url));
    const unusable = ENDPOINTS.filter((endpoint) => !isUsable(metadata[endpoint] ?? ''));
    const aliases = Object.entries(metadata.mtls_endpoint_aliases ?? {}).filter(
      ([name]) => !Object.hasOwn(endpoints, name),
    );
    return makeProvider(this.#context, {
      ...metadata,
      ...Object.fromEntries(unusable.map((endpoint) => [endpoint, undefined])),
      ...(metadata.mtls_endpoint_aliases && { mtls_endpoint_aliases: Object.fromEntries(aliases) }),
      ...endpoints,
    });
  }
}

/**
 * The issuer whose metadata a well-known URL has (OpenID Connect Discovery §4, RFC 8414 §3): with or without the last
 * slash, which the URL does not show. Another URL has whichever it says.
 */
function issuerOf(metadataUrl: string, own: string): string {
  const { origin, pathname } = new URL(metadataUrl);
  const issuer = pathname.endsWith(OPENID_CONFIGURATION)
    ? origin + pathname.slice(0, -OPENID_CONFIGURATION.length)
    : pathname.startsWith(OAUTH_METADATA)
      ? origin + pathname.slice(OAUTH_METADATA.length)
      : own;
  return own === `${issuer}/` ? own : issuer;
}

async function ownIssuer(response: Response): Promise<string> {
  const { issuer } = (await response.json()) as { issuer?: unknown };
  if (typeof issuer === 'string') return issuer;
  throw new TypeError('it has no issuer');
}

/** Milliseconds (RFC 9111 §5.2.2.1). */
function lifetimeOf(response: Response): number {
  const [, seconds] = /\bmax-age=(\d+)/.exec(response.headers.get('cache-control') ?? '') ?? [];
  const told = seconds === undefined ? FRESH.default : Number(seconds) * 1000;
  return Math.min(Math.max(told, FRESH.atLeast), FRESH.atMost);
}
