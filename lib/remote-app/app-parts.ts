import { BoundedMap } from '../common/bounded-map.js';
import type { ClientConfig } from '../config/client-config.js';
import { HttpClient } from '../http/http-client.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { PendingLogins } from './pending-logins.js';
import { absoluteRedirectUri } from './redirect-uri.js';
import type { RemoteAppContext } from './remote-app-context.js';
import { TokenSlots } from './token-slots.js';
import { warnOfRiskySettings } from './warnings.js';

/** Maximum number of redirect URIs of one client that are remembered. */
const MAX_URIS = 100;

/** The parts that OAuth 1 apps and OAuth 2 apps share. */
export class AppParts {
  readonly http: HttpClient;
  readonly pending: PendingLogins;
  readonly slots: TokenSlots;
  readonly config: ClientConfig;
  readonly context: RemoteAppContext;
  /** The headers of every API call (`apiRequest`), with names in lower case. */
  readonly apiHeaders?: Readonly<Record<string, string>>;
  /** Absolute redirect URIs by the URIs that the application passed. */
  readonly #absoluteUris = new BoundedMap<string>(MAX_URIS);

  constructor(config: ClientConfig, context: RemoteAppContext) {
    this.config = config;
    this.context = context;
    warnOfRiskySettings(config);
    this.apiHeaders = apiHeadersOf(config);
    this.pending = new PendingLogins(config.name, context);
    this.slots = new TokenSlots(config, context.tokens);
    this.http = new HttpClient([context.http, config.http], {
      certificate: config.protocol === 'OAuth 2' ? config.clientCertificate : undefined,
      isPublicOnly: config.isPublicOnly,
    });
  }

  /** Whether users can sign in with this client. False for a machine client (`client_credentials`). */
  get signsUsersIn(): boolean {
    return this.config.protocol === 'OAuth 1' || this.config.grantType === 'authorization_code';
  }

  /** @throws {OAuthConfigError} when the client is a machine client */
  requireUserLogin(): void {
    if (this.signsUsersIn) return;
    throw new OAuthConfigError([
      `${this.config.name}.grant_type: a machine client (client_credentials) cannot sign users in. Configure another client for logins`,
    ]);
  }

  /** Returns the absolute form of a redirect URI. If it does not depend on the request, it is computed once. */
  absoluteUri(uri: string, request: OAuthRequest): string | Promise<string> {
    const known = this.#absoluteUris.get(uri);
    if (known !== undefined) return known;
    const absolute = absoluteRedirectUri(uri, this.config.name, request, this.context);
    if (typeof absolute === 'string' && typeof this.context.baseUrl === 'string') this.#absoluteUris.set(uri, absolute);
    return absolute;
  }
}

function apiHeadersOf({ apiRequest, clientId }: ClientConfig): Readonly<Record<string, string>> | undefined {
  if (!apiRequest?.headers) return undefined;
  return Object.fromEntries(
    Object.entries(apiRequest.headers).map(([name, value]) => [
      name.toLowerCase(),
      value.replaceAll('{client_id}', () => clientId),
    ]),
  );
}
