import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { CommonClientSettings, OAuth2ClientSettings, RequestParameters } from './client-settings.js';
import type { ClientCertificate } from '../http/connections.js';
import { Compliance, type ComplianceFix } from './compliance-fix.js';
import type { HttpOptions } from './http-options.js';
import { readPrivateKey, type ClientKey, type PrivateKeyMaterial, type PrivateKeys } from './private-key.js';
import { snakeCase, type Settings } from './setting-keys.js';
import { ENDPOINT_KEYS, SCHEMAS, type OAuth1Settings, type OAuth2Settings } from './settings-schema.js';

/** A client whose settings were checked, with every default filled in. */
export type ClientConfig = OAuth1ClientConfig | OAuth2ClientConfig;

interface CommonClientConfig {
  readonly name: string;
  /** Whether the client was registered while the application runs, perhaps with settings of a tenant. */
  readonly registeredAtRunTime: boolean;
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly accessTokenParams: RequestParameters;
  readonly apiBaseUrl?: string;
  /** Origins that the user's token may be sent to. */
  readonly apiOrigins: ReadonlySet<string>;
  readonly fetchToken?: CommonClientSettings['fetchToken'];
  /** Whether the provider's URLs may be http; of hosts of this machine alone, unless `allowInsecureHosts`. */
  readonly allowInsecureHttp: boolean;
  /** Whether the module lets clients with `allowInsecureHttp` use http for every host. */
  readonly allowInsecureHosts: boolean;
  readonly compliance: Compliance;
  /** axios defaults of this client, over those of the module. */
  readonly http?: HttpOptions;
}

export interface OAuth1ClientConfig extends CommonClientConfig {
  readonly protocol: 'OAuth 1';
  readonly requestTokenUrl: string;
  readonly requestTokenParams: RequestParameters;
  readonly authorizeUrl: string;
  readonly authorizeParams: RequestParameters;
  readonly accessTokenUrl: string;
  /** Whether the provider may speak OAuth 1.0, which has neither a confirmed callback nor a verifier. */
  readonly allowSessionFixation: boolean;
  readonly signatureMethod: string;
  readonly signatureType: 'HEADER' | 'QUERY' | 'BODY';
  readonly rsaKey?: KeyObject;
  readonly realm?: string;
  readonly forceIncludeBody: boolean;
}

export interface OAuth2ClientConfig extends CommonClientConfig {
  readonly protocol: 'OAuth 2';
  readonly grantType: 'authorization_code' | 'client_credentials';
  readonly authorizeParams: Readonly<Record<string, unknown>>;
  readonly refreshTokenUrl?: string;
  readonly refreshTokenParams: RequestParameters;
  readonly issuer?: string;
  readonly serverMetadataUrl?: string;
  readonly allowIssuerImpersonation: boolean;
  readonly allowAnyTenant: boolean;
  /** Endpoints that the settings name, by their names in the metadata. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly clockTolerance: number;
  readonly userInfoFrom: 'id_token' | 'userinfo';
  readonly idTokenSignedResponseAlg?: string;
  readonly userinfoSignedResponseAlg?: string;
  readonly authorizationSignedResponseAlg?: string;
  readonly introspectionSignedResponseAlg?: string;
  readonly detachedSignature: boolean;
  readonly allowMissingNonce: boolean;
  readonly updateToken?: OAuth2ClientSettings['updateToken'];
  readonly scope?: string;
  readonly resource: readonly string[];
  readonly codeChallengeMethod: 'S256' | 'none';
  /** What the settings name, or else what is used where the metadata lists no methods. */
  readonly tokenEndpointAuthMethod: string;
  /** Whether the settings name the method: otherwise the metadata decides among those that the client can use. */
  readonly namesAuthMethod: boolean;
  readonly clientAssertionAudience: 'issuer' | 'token_endpoint' | 'endpoint';
  readonly clientCertificate?: ClientCertificate;
  /** Whether the provider's endpoints for mutual TLS are used (RFC 8705 §5). */
  readonly usesMutualTls: boolean;
  readonly privateKeys: readonly ClientKey[] | (() => Promise<readonly ClientKey[]>);
  readonly tokenPlacement: 'header' | 'body' | 'uri';
  /** Seconds. */
  readonly leeway: number;
  /** Part of the lifetime. */
  readonly refreshAhead?: number;
  /** Seconds. */
  readonly refreshTimeout: number;
  readonly requirePushedAuthorizationRequests: boolean;
  readonly requireSignedRequestObject: boolean;
  readonly requestObjectEncryptionAlg?: string;
  readonly requestObjectEncryptionEnc: string;
  readonly dpopBoundAccessTokens: boolean;
  /** The key of every login, as a private JWK. */
  readonly dpopKey?: JsonWebKey;
}

/** Where a client comes from, and what its module allows. */
export interface ClientOrigin extends Pick<CommonClientConfig, 'name' | 'registeredAtRunTime'> {
  /** The module's `allowInsecureHttp`. @default false */
  readonly allowInsecureHosts?: boolean;
}

/** Builds the config of a client from settings that `checkSettings()` found no fault in. */
export function buildConfig(origin: ClientOrigin, settings: Settings): ClientConfig {
  return settings.requestTokenUrl
    ? oauth1Config(origin, SCHEMAS['OAuth 1'].schema.parse(settings))
    : oauth2Config(origin, SCHEMAS['OAuth 2'].schema.parse(settings));
}

function oauth1Config(origin: ClientOrigin, settings: OAuth1Settings): OAuth1ClientConfig {
  const {
    signatureMethod = 'HMAC-SHA1',
    signatureType = 'HEADER',
    rsaKey,
    realm,
    forceIncludeBody = false,
  } = settings.clientKwargs ?? {};
  return {
    ...commonConfig(origin, settings),
    protocol: 'OAuth 1',
    requestTokenUrl: settings.requestTokenUrl,
    requestTokenParams: settings.requestTokenParams ?? {},
    authorizeUrl: settings.authorizeUrl,
    authorizeParams: settings.authorizeParams ?? {},
    accessTokenUrl: settings.accessTokenUrl,
    allowSessionFixation: settings.allowSessionFixation ?? false,
    signatureMethod,
    signatureType,
    rsaKey: rsaKey === undefined ? undefined : createPrivateKey(rsaKey),
    realm,
    forceIncludeBody,
  };
}

function oauth2Config(origin: ClientOrigin, settings: OAuth2Settings): OAuth2ClientConfig {
  const {
    scope,
    tokenEndpointAuthMethod,
    tokenPlacement = 'header',
    codeChallengeMethod,
    leeway = 60,
    refreshAhead,
    refreshTimeout = 10,
  } = settings.clientKwargs ?? {};
  const authMethod = tokenEndpointAuthMethod ?? (settings.clientSecret ? 'client_secret_basic' : 'none');
  return {
    ...commonConfig(origin, settings),
    protocol: 'OAuth 2',
    grantType: settings.grantType ?? 'authorization_code',
    authorizeParams: settings.authorizeParams ?? {},
    refreshTokenUrl: settings.refreshTokenUrl,
    refreshTokenParams: settings.refreshTokenParams ?? {},
    issuer: settings.issuer,
    serverMetadataUrl: settings.serverMetadataUrl,
    allowIssuerImpersonation: (settings.allowIssuerImpersonation ?? false) && !origin.registeredAtRunTime,
    allowAnyTenant: settings.allowAnyTenant ?? false,
    endpoints: namedEndpoints(settings),
    clockTolerance: settings.clockTolerance ?? 30,
    userInfoFrom: settings.userInfoFrom ?? 'id_token',
    idTokenSignedResponseAlg: settings.idTokenSignedResponseAlg,
    userinfoSignedResponseAlg: settings.userinfoSignedResponseAlg,
    authorizationSignedResponseAlg: settings.authorizationSignedResponseAlg,
    introspectionSignedResponseAlg: settings.introspectionSignedResponseAlg,
    detachedSignature: settings.detachedSignature ?? false,
    allowMissingNonce: settings.allowMissingNonce ?? false,
    updateToken: settings.updateToken as OAuth2ClientSettings['updateToken'],
    scope: Array.isArray(scope) ? scope.join(' ') : scope,
    resource: [settings.resource ?? []].flat(),
    codeChallengeMethod: settings.codeChallengeMethod ?? codeChallengeMethod ?? 'S256',
    tokenEndpointAuthMethod: authMethod,
    namesAuthMethod: tokenEndpointAuthMethod !== undefined,
    clientAssertionAudience: settings.clientAssertionAudience ?? 'issuer',
    clientCertificate: settings.clientCertificate,
    usesMutualTls: settings.clientCertificate !== undefined || authMethod.endsWith('tls_client_auth'),
    privateKeys: clientKeys(settings.privateKeys),
    tokenPlacement,
    leeway,
    refreshAhead,
    refreshTimeout,
    requirePushedAuthorizationRequests: settings.requirePushedAuthorizationRequests ?? false,
    requireSignedRequestObject: settings.requireSignedRequestObject ?? false,
    requestObjectEncryptionAlg: settings.requestObjectEncryptionAlg,
    requestObjectEncryptionEnc: settings.requestObjectEncryptionEnc ?? 'A256GCM',
    dpopBoundAccessTokens: settings.dpopBoundAccessTokens ?? false,
    dpopKey:
      settings.dpopKey === undefined ? undefined : readPrivateKey(settings.dpopKey).key.export({ format: 'jwk' }),
  };
}

function namedEndpoints(settings: OAuth2Settings): Record<string, string> {
  const named = {
    authorization_endpoint: settings.authorizeUrl,
    token_endpoint: settings.accessTokenUrl,
    ...Object.fromEntries(ENDPOINT_KEYS.map((key) => [snakeCase(key), settings[key]])),
  };
  return Object.fromEntries(Object.entries(named).flatMap(([name, url]) => (url === undefined ? [] : [[name, url]])));
}

function clientKeys(given: PrivateKeys | undefined): OAuth2ClientConfig['privateKeys'] {
  if (given === undefined) return [];
  if (typeof given === 'function') return async () => (await given()).map(readPrivateKey);
  return ([given].flat() as PrivateKeyMaterial[]).map(readPrivateKey);
}

function commonConfig(origin: ClientOrigin, settings: OAuth1Settings | OAuth2Settings): CommonClientConfig {
  const { clientId, clientSecret, accessTokenParams = {}, apiBaseUrl, apiOrigins = [] } = settings;
  const apiUrls = apiBaseUrl === undefined ? apiOrigins : [apiBaseUrl, ...apiOrigins];
  return {
    ...origin,
    allowInsecureHosts: origin.allowInsecureHosts ?? false,
    clientId,
    clientSecret,
    accessTokenParams,
    apiBaseUrl,
    apiOrigins: new Set(apiUrls.map((url) => new URL(url).origin)),
    fetchToken: settings.fetchToken as CommonClientSettings['fetchToken'],
    allowInsecureHttp: settings.allowInsecureHttp ?? false,
    compliance: new Compliance(settings.complianceFix as ComplianceFix | undefined),
    http: settings.http as HttpOptions | undefined,
  };
}
