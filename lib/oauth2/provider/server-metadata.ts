import type { AuthorizationServer } from 'oauth4webapi';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import { issuersAt, OAUTH_METADATA, OPENID_CONFIGURATION, provesIssuer } from '../../config/well-known.js';
import { sendProtocolRequest } from '../../http/protocol-request.js';
import { clamp } from '../../limits.js';
import { ProviderError } from '../../oauth.errors.js';
import { RefusedInput } from '../wire/refused-input.js';
import { reasonOf, shown } from './failed-check.js';
import { readMetadata } from './metadata-schema.js';
import { makeProvider, type Provider, type ProviderContext } from './provider.js';

const MINUTES = 60_000;
/** How long metadata is used before it is read again: what its `Cache-Control` says, within these bounds. */
const FRESH = { default: 60 * MINUTES, atLeast: 5 * MINUTES, atMost: 24 * 60 * MINUTES };
/** How long the last good copy is used before the provider, which was down, is asked again. */
const RETRY = MINUTES;

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
    const { http, config } = this.#context;
    const answer = await sendProtocolRequest(http, { method: 'GET', url, headers: { accept: 'application/json' } });
    try {
      if (answer.status !== 200) throw new RefusedInput(`the answer has the status ${answer.status}, expected 200`);
      const metadata = readMetadata(answer.text, config);
      checkIssuer(metadata.issuer, url, issuer, config);
      return { metadata, lifetime: lifetimeOf(answer.headers) };
    } catch (error) {
      throw new ProviderError({
        description: `${config.name}: the server metadata at ${url} is not usable: ${reasonOf(error)}`,
        answered: answer,
      });
    }
  }

  /** Endpoints that the settings name win, over the aliases for mutual TLS too. */
  #providerWith(metadata: AuthorizationServer): Provider {
    const { endpoints } = this.#context.config;
    const { mtls_endpoint_aliases: given, ...server } = metadata;
    const aliases = given && Object.entries(given).filter(([name]) => !Object.hasOwn(endpoints, name));
    return makeProvider(this.#context, {
      ...server,
      ...(aliases && { mtls_endpoint_aliases: Object.fromEntries(aliases) }),
      ...endpoints,
    });
  }
}

/**
 * Refuses metadata of another issuer than the one that is expected: the configured one, or else the one whose well-known
 * URL this is. Metadata at another URL does not prove its issuer.
 * @throws {RefusedInput} when it is refused
 */
function checkIssuer(own: string, url: string, configured: string | undefined, config: OAuth2ClientConfig): void {
  const [expected = own] = configured === undefined ? issuersAt(url) : [configured];
  if (own !== expected && !(configured === undefined && provesIssuer(url, own))) {
    throw new RefusedInput(`its issuer is ${shown(own)}, expected ${shown(expected)}`);
  }
  if (config.allowIssuerImpersonation || provesIssuer(url, own)) return;
  throw new RefusedInput(
    `it does not prove its issuer ${shown(own)}, expected it at a well-known URL of that issuer. Give the issuer alone, or, ` +
      'if you accept that whoever controls this URL can sign in as any user of the issuer, set allow_issuer_impersonation',
  );
}

/** Milliseconds (RFC 9111 §5.2.2.1). */
function lifetimeOf({ 'cache-control': cacheControl = '' }: Record<string, string>): number {
  const [, seconds] = /\bmax-age=(\d{1,10})/.exec(cacheControl) ?? [];
  const maxAge = seconds === undefined ? undefined : Number(seconds) * 1000;
  return clamp(maxAge, FRESH.atLeast, FRESH.atMost, FRESH.default);
}
