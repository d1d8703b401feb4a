import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { CommonClientSettings, OAuth2ClientSettings, RequestParameters } from './client-settings.js';
import { Compliance, type ComplianceFix } from './compliance-fix.js';
import type { Settings } from './setting-keys.js';
import { SCHEMAS, type OAuth1Settings, type OAuth2Settings } from './settings-schema.js';

/** A client whose settings were checked, with every default filled in. */
export type ClientConfig = OAuth1ClientConfig | OAuth2ClientConfig;

interface CommonClientConfig {
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly accessTokenParams: RequestParameters;
  readonly authorizeParams: RequestParameters;
  readonly apiBaseUrl?: string;
  /** Origins that the user's token may be sent to. */
  readonly apiOrigins: ReadonlySet<string>;
  readonly fetchToken?: CommonClientSettings['fetchToken'];
  readonly compliance: Compliance;
}

export interface OAuth1ClientConfig extends CommonClientConfig {
  readonly protocol: 'OAuth 1';
  readonly requestTokenUrl: string;
  readonly requestTokenParams: RequestParameters;
  readonly authorizeUrl: string;
  readonly accessTokenUrl: string;
  readonly signatureMethod: string;
  readonly signatureType: 'HEADER' | 'QUERY' | 'BODY';
  readonly rsaKey?: KeyObject;
  readonly realm?: string;
  readonly forceIncludeBody: boolean;
}

export interface OAuth2ClientConfig extends CommonClientConfig {
  readonly protocol: 'OAuth 2';
  readonly authorizeUrl?: string;
  readonly accessTokenUrl?: string;
  readonly refreshTokenUrl?: string;
  readonly refreshTokenParams: RequestParameters;
  readonly serverMetadataUrl?: string;
  readonly updateToken?: OAuth2ClientSettings['updateToken'];
  readonly scope?: string;
  readonly usesPkce: boolean;
  readonly tokenEndpointAuthMethod: string;
  readonly tokenPlacement: 'header' | 'body' | 'uri';
  /** Seconds. */
  readonly leeway: number;
}

/** Builds the config of a client from settings that `checkSettings()` found no fault in. */
export function buildConfig(name: string, settings: Settings): ClientConfig {
  return settings.requestTokenUrl
    ? oauth1Config(name, SCHEMAS['OAuth 1'].schema.parse(settings))
    : oauth2Config(name, SCHEMAS['OAuth 2'].schema.parse(settings));
}

function oauth1Config(name: string, settings: OAuth1Settings): OAuth1ClientConfig {
  const {
    signatureMethod = 'HMAC-SHA1',
    signatureType = 'HEADER',
    rsaKey,
    realm,
    forceIncludeBody = false,
  } = settings.clientKwargs ?? {};
  return {
    ...commonConfig(name, settings),
    protocol: 'OAuth 1',
    requestTokenUrl: settings.requestTokenUrl,
    requestTokenParams: settings.requestTokenParams ?? {},
    authorizeUrl: settings.authorizeUrl,
    accessTokenUrl: settings.accessTokenUrl,
    signatureMethod,
    signatureType,
    rsaKey: rsaKey === undefined ? undefined : createPrivateKey(rsaKey),
    realm,
    forceIncludeBody,
  };
}

function oauth2Config(name: string, settings: OAuth2Settings): OAuth2ClientConfig {
  const {
    scope,
    tokenEndpointAuthMethod,
    tokenPlacement = 'header',
    codeChallengeMethod,
    leeway = 60,
  } = settings.clientKwargs ?? {};
  return {
    ...commonConfig(name, settings),
    protocol: 'OAuth 2',
    authorizeUrl: settings.authorizeUrl,
    accessTokenUrl: settings.accessTokenUrl,
    refreshTokenUrl: settings.refreshTokenUrl,
    refreshTokenParams: settings.refreshTokenParams ?? {},
    serverMetadataUrl: settings.serverMetadataUrl,
    updateToken: settings.updateToken as OAuth2ClientSettings['updateToken'],
    scope: Array.isArray(scope) ? scope.join(' ') : scope,
    usesPkce: (settings.codeChallengeMethod ?? codeChallengeMethod) === 'S256',
    tokenEndpointAuthMethod: tokenEndpointAuthMethod ?? (settings.clientSecret ? 'client_secret_basic' : 'none'),
    tokenPlacement,
    leeway,
  };
}

function commonConfig(name: string, settings: OAuth1Settings | OAuth2Settings): CommonClientConfig {
  const {
    clientId,
    clientSecret,
    accessTokenParams = {},
    authorizeParams = {},
    apiBaseUrl,
    apiOrigins = [],
  } = settings;
  const apiUrls = apiBaseUrl === undefined ? apiOrigins : [apiBaseUrl, ...apiOrigins];
  return {
    name,
    clientId,
    clientSecret,
    accessTokenParams,
    authorizeParams,
    apiBaseUrl,
    apiOrigins: new Set(apiUrls.map((url) => new URL(url).origin)),
    fetchToken: settings.fetchToken as CommonClientSettings['fetchToken'],
    compliance: new Compliance(settings.complianceFix as ComplianceFix | undefined),
  };
}
