import { CLIENT_AUTH_METHODS, isClientAuthMethod } from './client-auth-methods.js';
import type { Compliance } from './compliance-fix.js';
import { ENDPOINT_KEYS, type OAuth1Settings, type OAuth2Settings } from './settings-schema.js';
import { snakeCase } from './snake-case.js';

/** Where a client comes from, and what its module allows. */
export interface ClientOrigin {
  readonly name: string;
  /** Whether the client was registered while the application runs, perhaps with settings of a tenant. */
  readonly registeredAtRunTime: boolean;
  /** Whether the module lets clients with `allowInsecureHttp` use http for every host. */
  readonly allowInsecureHosts: boolean;
}

/** A client whose settings were checked: what the registry keeps. Small, since an application may have 10,000 of them. */
export interface CheckedClient extends ClientOrigin {
  readonly settings: OAuth1Settings | OAuth2Settings;
  /** What the client's `complianceFix` registered. */
  readonly compliance: Compliance;
}

export type OAuth1ClientConfig = Readonly<ReturnType<typeof oauth1Config>>;
export type OAuth2ClientConfig = Readonly<ReturnType<typeof oauth2Config>>;
/** The checked settings of one client side by side, with what follows from several of them: what its app is built from. */
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
  const method = named ?? (settings.clientSecret ? 'client_secret_basic' : 'none');
  const usesMutualTls = isClientAuthMethod(method) && CLIENT_AUTH_METHODS[method].usesMutualTls === true;
  return {
    ...settings,
    ...clientKwargs,
    ...client,
    protocol: 'OAuth 2' as const,
    apiOrigins: originsOf(settings),
    /** Endpoints that the settings name, by their names in the metadata. */
    endpoints: endpointsOf(settings),
    codeChallengeMethod: settings.codeChallengeMethod ?? clientKwargs.codeChallengeMethod ?? ('S256' as const),
    /** What the settings name, or else what is used where the metadata lists no methods. */
    tokenEndpointAuthMethod: method,
    /** Whether the settings name the method: otherwise the metadata decides among those that the client can use. */
    namesAuthMethod: named !== undefined,
    /** Whether the provider's endpoints for mutual TLS are used (RFC 8705 §5). */
    usesMutualTls: settings.clientCertificate !== undefined || usesMutualTls,
  };
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
