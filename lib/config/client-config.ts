import { CLIENT_AUTH_METHODS, isClientAuthMethod } from './client-auth-methods.js';
import type { Compliance } from './compliance-fix.js';
import { ENDPOINT_KEYS, type OAuth1Settings, type OAuth2Settings } from './settings-schema.js';
import { snakeCase } from './snake-case.js';

/** The origin of a client, and the permissions of its module. */
export interface ClientOrigin {
  readonly name: string;
  /** Whether the client was registered at run time, possibly with the settings of a tenant. */
  readonly registeredAtRunTime: boolean;
  /** Whether clients with `allowInsecureHttp` may use http for every host. */
  readonly allowInsecureHosts: boolean;
  /** Whether the client connects to public addresses only. @default false */
  readonly isPublicOnly?: boolean;
}

/** A client with checked settings. The registry keeps up to 10,000 of them, so they are small. */
export interface CheckedClient extends ClientOrigin {
  readonly settings: OAuth1Settings | OAuth2Settings;
  /** The hooks and methods that the client's `complianceFix` registered. */
  readonly compliance: Compliance;
}

export type OAuth1ClientConfig = Readonly<ReturnType<typeof oauth1Config>>;
export type OAuth2ClientConfig = Readonly<ReturnType<typeof oauth2Config>>;
/** The checked settings of one client in one flat object, with values that are derived from them. The client's app uses it. */
export type ClientConfig = OAuth1ClientConfig | OAuth2ClientConfig;

export function clientConfig(client: CheckedClient): ClientConfig {
  const { settings } = client;
  return 'requestTokenUrl' in settings ? oauth1Config(client, settings) : oauth2Config(client, settings);
}

function oauth1Config({ settings: _, ...client }: CheckedClient, { clientKwargs, ...settings }: OAuth1Settings) {
  return {
    ...settings,
    ...clientKwargs,
    ...client,
    protocol: 'OAuth 1' as const,
    apiOrigins: originsOf(settings),
  };
}

function oauth2Config({ settings: _, ...client }: CheckedClient, { clientKwargs, ...settings }: OAuth2Settings) {
  const named = clientKwargs.tokenEndpointAuthMethod;
  const method = named ?? defaultMethod(settings);
  const usesMutualTls = isClientAuthMethod(method) && CLIENT_AUTH_METHODS[method].usesMutualTls === true;
  return {
    ...settings,
    ...clientKwargs,
    ...client,
    protocol: 'OAuth 2' as const,
    apiOrigins: originsOf(settings),
    /** Endpoints in the settings, by their names in the metadata. */
    endpoints: endpointsOf(settings),
    codeChallengeMethod: settings.codeChallengeMethod ?? clientKwargs.codeChallengeMethod ?? ('S256' as const),
    /** The method in the settings, or else the default if the metadata lists no methods. */
    tokenEndpointAuthMethod: method,
    /** Whether the settings name the method. If not, the metadata decides which of the client's possible methods is used. */
    namesAuthMethod: named !== undefined,
    /** Whether the provider's endpoints for mutual TLS are used (RFC 8705 §5). */
    usesMutualTls: settings.clientCertificate !== undefined || usesMutualTls,
  };
}

function defaultMethod({ clientSecret, clientSecretJwt }: Omit<OAuth2Settings, 'clientKwargs'>): string {
  if (clientSecretJwt) return 'client_secret_post';
  return clientSecret ? 'client_secret_basic' : 'none';
}

/** Returns the origins that the user's token may be sent to. */
function originsOf({ apiBaseUrl, apiOrigins }: Pick<OAuth2Settings, 'apiBaseUrl' | 'apiOrigins'>): ReadonlySet<string> {
  const urls = apiBaseUrl === undefined ? apiOrigins : [apiBaseUrl, ...apiOrigins];
  return new Set(urls.map((url) => new URL(url).origin));
}

function endpointsOf(settings: Omit<OAuth2Settings, 'clientKwargs'>): Readonly<Record<string, string>> {
  const named: [name: string, url: string | undefined][] = [
    ['authorization_endpoint', settings.authorizeUrl],
    ['token_endpoint', settings.accessTokenUrl],
    ...ENDPOINT_KEYS.map((key): [string, string | undefined] => [snakeCase(key), settings[key]]),
  ];
  return Object.fromEntries(named.flatMap(([name, url]) => (url === undefined ? [] : [[name, url]])));
}
