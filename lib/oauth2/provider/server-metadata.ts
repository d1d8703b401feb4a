import type { AuthorizationServer } from 'oauth4webapi';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import { wellKnownUrls } from '../../config/well-known.js';
import type { ProtocolAnswer } from '../../http/protocol-answer.js';
import { LastGoodCopy } from '../../common/last-good-copy.js';
import { clamp } from '../../common/limits.js';
import { ProviderError } from '../../errors/oauth.errors.js';
import { RefusedInput } from '../wire/refused-input.js';
import { reasonOf } from './failed-check.js';
import { checkMetadataIssuer } from './metadata-issuer.js';
import { readMetadata } from './metadata-schema.js';
import { knowsIssuer, makeProvider, type Provider, type ProviderContext } from './provider.js';
import { describeDocument } from './unexpected-answer.js';

/** Lifetime of the metadata, in seconds: the `max-age` of its `Cache-Control`, within these limits. */
const LIFETIME_S = { default: 3600, atLeast: 300, atMost: 86_400 };
/** Seconds until the metadata is requested again after a failure. */
const RETRY_S = 60;

/** Statuses of a server that is unavailable at its other URLs too. */
const UNAVAILABLE = [429, 503];

/** The response of a URL that has no usable metadata. */
interface Refusal {
  url: string;
  answer: ProtocolAnswer;
  reason: string;
}

interface Metadata {
  metadata: AuthorizationServer;
  /** Seconds. */
  lifetime: number;
}

/** The provider of one client. Its metadata is read at first use. Concurrent calls share one request. */
export class ServerMetadata {
  readonly context: ProviderContext;
  readonly #copy = new LastGoodCopy(async () => {
    const { metadata, lifetime } = await this.#read();
    return { provider: this.#providerWith(metadata), lifetime };
  });

  constructor(context: ProviderContext) {
    this.context = context;
  }

  /**
   * Returns the provider with its metadata.
   * @throws {ProviderError} when the metadata cannot be read, or belongs to another issuer, and no earlier copy exists; the next
   * call tries again
   */
  async load(): Promise<Provider> {
    const { provider } = await this.#copy.get(({ lifetime }) => (this.#copy.failure ? RETRY_S : lifetime));
    return provider;
  }

  /**
   * Checks that the metadata and the keys for signatures can be read now.
   * @throws {ProviderError} when they cannot be read, even if an older copy exists
   */
  async check(): Promise<void> {
    const provider = await this.load();
    if (this.#copy.failure) throw this.#copy.failure;
    const { jwks_uri: keys } = provider.server;
    if (keys !== undefined && knowsIssuer(provider)) await provider.providerKeys.check(keys);
  }

  async #read(): Promise<Metadata> {
    const { serverMetadataUrl, issuer, endpoints } = this.context.config;
    if (serverMetadataUrl !== undefined) return this.#readFromFirst([serverMetadataUrl], issuer);
    if (issuer === undefined || endpoints.jwks_uri !== undefined) {
      return { metadata: { issuer: issuer ?? new URL(endpoints.token_endpoint ?? '').origin }, lifetime: Infinity };
    }
    return this.#readFromFirst(wellKnownUrls(issuer), issuer);
  }

  /** Returns the metadata from the first URL that has it. Stops at the first response that shows that the provider is down. */
  async #readFromFirst(urls: readonly string[], issuer: string | undefined): Promise<Metadata> {
    const { http, config } = this.context;
    const refusals: Refusal[] = [];
    for (const url of urls) {
      const request = { method: 'GET', url, headers: { accept: 'application/json' }, isRepeatable: true };
      const answer = await http.sendProtocolRequest(request);
      try {
        return readAnswer(answer, url, issuer, config);
      } catch (error) {
        refusals.push({ url, answer, reason: reasonOf(error) });
      }
      if (UNAVAILABLE.includes(answer.status)) break;
    }
    throw unusableMetadata(config.name, refusals);
  }

  /** Creates the provider. Endpoints in the settings take precedence over the metadata, including its aliases for mutual TLS. */
  #providerWith(metadata: AuthorizationServer): Provider {
    const { endpoints } = this.context.config;
    const { mtls_endpoint_aliases: given, ...server } = metadata;
    const aliases = given && Object.entries(given).filter(([name]) => !Object.hasOwn(endpoints, name));
    return makeProvider(this.context, {
      ...server,
      ...(aliases && { mtls_endpoint_aliases: Object.fromEntries(aliases) }),
      ...endpoints,
    });
  }
}

/** @throws {RefusedInput} when the response is not the metadata of the issuer */
function readAnswer(
  answer: ProtocolAnswer,
  url: string,
  issuer: string | undefined,
  config: OAuth2ClientConfig,
): Metadata {
  if (answer.status !== 200) {
    throw new RefusedInput(`the answer has the status ${answer.status}, expected 200 (${describeDocument(answer)})`);
  }
  const metadata = readMetadata(answer.text, config, describeDocument(answer));
  checkMetadataIssuer(metadata.issuer, url, issuer, config);
  return { metadata, lifetime: lifetimeOf(answer.headers) };
}

/** Returns the error for metadata at none of the URLs. Describes the most informative response, because most URLs respond with 404. */
function unusableMetadata(client: string, refusals: readonly Refusal[]): ProviderError {
  const { url, reason, answer } = refusals.reduce((best, next) => (weightOf(next) > weightOf(best) ? next : best));
  const others = refusals.flatMap((other) => (other.url === url ? [] : [other.url]));
  const otherUrls = answer.status === 404 && others.length > 0 ? `. There is none at ${others.join(', ')} either` : '';
  return new ProviderError({
    description: `${client}: the server metadata at ${url} is not usable: ${reason}${otherUrls}`,
    answered: { status: answer.status, headers: answer.headers },
  });
}

function weightOf({ answer: { status } }: Refusal): number {
  return status === 404 ? 0 : status < 500 && status !== 429 ? 1 : 2;
}

/** Returns the lifetime of a response, in seconds (RFC 9111 §5.2.2.1). */
function lifetimeOf({ 'cache-control': cacheControl = '' }: Record<string, string>): number {
  const [, seconds] = /\bmax-age=(\d{1,10})/.exec(cacheControl) ?? [];
  return clamp(seconds && Number(seconds), LIFETIME_S.atLeast, LIFETIME_S.atMost, LIFETIME_S.default);
}
