import { z } from 'zod';
import type {
  CommonClientSettings,
  OAuth1ClientSettings,
  OAuth2ClientSettings,
  RequestParameters,
} from './client-settings.js';
import type { OAuth1Kwargs, OAuth2Kwargs } from './client-kwargs.js';
import type { ComplianceFix } from './compliance-fix.js';
import { httpOptions, type HttpOptions } from './http-options.js';
import type { OpenIdSettings, ProviderEndpoints } from './openid-settings.js';
import { profile } from './profile-schema.js';
import { redirectUriName, WIRE_SETTINGS } from './wire-schemas.js';
import type { SecuritySettings } from './security-settings.js';
import {
  aFunction,
  anyText,
  callbackNames,
  certificate,
  challengeMethod,
  flag,
  origin,
  parameters,
  privateJwk,
  privateKeys,
  rsaKey,
  seconds,
  signatureAlgorithm,
  text,
  uri,
  url,
} from './value-schemas.js';

/** Upper limits of durations, in seconds. */
export const MAX_CLOCK_TOLERANCE = 600;
const MAX_SECONDS = { clockTolerance: MAX_CLOCK_TOLERANCE, leeway: 86_400, refreshTimeout: 300 };
const FRACTION = 'expected a fraction of the lifetime, between 0 and 1';

/** Defaults that all clients share: copies for 10,000 clients would take megabytes. */
const NO_PARAMETERS = Object.freeze({});
const EMPTY_LIST: never[] = [];
const noParameters = (): RequestParameters => NO_PARAMETERS;
const emptyList = (): never[] => EMPTY_LIST;

const common = {
  preset: text.optional(),
  variables: z.record(z.string(), z.string(), 'expected an object of strings').optional(),
  clientId: text,
  clientSecret: anyText.optional(),
  accessTokenParams: parameters.default(noParameters),
  apiBaseUrl: url.optional(),
  apiOrigins: z.array(origin, 'expected an array of origins').default(emptyList),
  fetchToken: aFunction<NonNullable<CommonClientSettings['fetchToken']>>().optional(),
  allowInsecureHttp: flag.default(false),
  complianceFix: aFunction<ComplianceFix>().optional(),
  http: httpOptions.transform((options) => options as HttpOptions).optional(),
  profile: profile.optional(),
  requireProfile: flag.default(true),
  callbackParameters: callbackNames.default(emptyList),
  apiRequest: WIRE_SETTINGS.apiRequest,
};

const oauth1Kwargs = {
  signatureMethod: text.default('HMAC-SHA1'),
  signatureType: z.enum(['HEADER', 'QUERY', 'BODY'], 'expected HEADER, QUERY or BODY').default('HEADER'),
  rsaKey: rsaKey.optional(),
  realm: anyText.optional(),
  forceIncludeBody: flag.default(false),
} satisfies Record<keyof OAuth1Kwargs, z.ZodType>;

const oauth2Kwargs = {
  scope: z
    .union([z.string(), z.array(z.string())], 'expected a string or an array of strings')
    .transform((scope) => (Array.isArray(scope) ? scope.join(' ') : scope))
    .optional(),
  scopeSeparator: z.string().min(1, 'must not be empty').max(5, 'expected at most 5 characters').default(' '),
  tokenEndpointAuthMethod: text.optional(),
  basicAuthEncoding: z.enum(['form', 'none'], 'expected form or none').default('form'),
  tokenPlacement: z.enum(['header', 'body', 'uri'], 'expected header, body or uri').default('header'),
  codeChallengeMethod: challengeMethod.optional(),
  leeway: seconds(MAX_SECONDS.leeway).default(60),
  refreshAhead: z.number(FRACTION).gt(0, FRACTION).lt(1, FRACTION).optional(),
  refreshTimeout: seconds(MAX_SECONDS.refreshTimeout).gt(0, 'expected more than 0 seconds').default(10),
} satisfies Record<keyof OAuth2Kwargs, z.ZodType>;

const oauth1 = {
  ...common,
  requestTokenUrl: url,
  requestTokenParams: parameters.default(noParameters),
  allowSessionFixation: flag.default(false),
  accessTokenUrl: url,
  authorizeUrl: url,
  authorizeParams: parameters.default(noParameters),
  clientKwargs: z.strictObject(oauth1Kwargs, 'expected an object').prefault({}),
} satisfies Record<keyof OAuth1ClientSettings, z.ZodType>;

const endpoints = {
  jwksUri: url.optional(),
  userinfoEndpoint: url.optional(),
  revocationEndpoint: url.optional(),
  introspectionEndpoint: url.optional(),
  endSessionEndpoint: url.optional(),
  pushedAuthorizationRequestEndpoint: url.optional(),
  deviceAuthorizationEndpoint: url.optional(),
  backchannelAuthenticationEndpoint: url.optional(),
  registrationEndpoint: url.optional(),
} satisfies Record<keyof ProviderEndpoints, z.ZodType>;
/** Settings for endpoints that have the camelCase of their name in the metadata. */
export const ENDPOINT_KEYS = Object.keys(endpoints) as (keyof ProviderEndpoints)[];

const openId = {
  clockTolerance: seconds(MAX_SECONDS.clockTolerance).default(30),
  userInfoFrom: z.enum(['id_token', 'userinfo'], 'expected id_token or userinfo').default('id_token'),
  idTokenSignedResponseAlg: signatureAlgorithm.optional(),
  userinfoSignedResponseAlg: signatureAlgorithm.optional(),
  authorizationSignedResponseAlg: signatureAlgorithm.optional(),
  introspectionSignedResponseAlg: signatureAlgorithm.optional(),
  detachedSignature: flag.default(false),
  allowMissingNonce: flag.default(false),
  allowSecretSignedIdToken: flag.default(false),
} satisfies Record<keyof OpenIdSettings, z.ZodType>;

const security = {
  privateKeys: privateKeys.default(emptyList),
  clientAssertionAudience: z
    .enum(['issuer', 'token_endpoint', 'endpoint'], 'expected issuer, token_endpoint or endpoint')
    .default('issuer'),
  clientCertificate: certificate.optional(),
  requirePushedAuthorizationRequests: flag.default(false),
  requireSignedRequestObject: flag.default(false),
  requestObjectEncryptionAlg: text.optional(),
  requestObjectEncryptionEnc: text.default('A256GCM'),
  dpopBoundAccessTokens: flag.default(false),
  dpopKey: privateJwk.optional(),
} satisfies Record<keyof SecuritySettings, z.ZodType>;

const oauth2 = {
  ...common,
  accessTokenUrl: url.optional(),
  authorizeUrl: url.optional(),
  refreshTokenUrl: url.optional(),
  refreshTokenParams: parameters.default(noParameters),
  authorizeParams: z.record(z.string(), z.unknown(), 'expected an object of parameters').default(noParameters),
  registeredRedirectUri: redirectUriName.optional(),
  callbackSignature: z.enum(['shopify'], 'expected shopify').optional(),
  ...WIRE_SETTINGS,
  issuer: url.optional(),
  serverMetadataUrl: url.optional(),
  allowIssuerImpersonation: flag.default(false),
  allowAnyTenant: flag.default(false),
  grantType: z
    .enum(['authorization_code', 'client_credentials'], 'expected authorization_code or client_credentials')
    .default('authorization_code'),
  resource: z
    .union([uri, z.array(uri)], 'expected an absolute URI without a fragment, or an array of them')
    .transform((resource) => [resource].flat())
    .default(emptyList),
  ...endpoints,
  ...openId,
  ...security,
  codeChallengeMethod: challengeMethod.optional(),
  updateToken: aFunction<NonNullable<OAuth2ClientSettings['updateToken']>>().optional(),
  clientKwargs: z.strictObject(oauth2Kwargs, 'expected an object').prefault({}),
} satisfies Record<keyof OAuth2ClientSettings, z.ZodType>;

/** The schema of each protocol, and its keys for the faults of unknown keys. */
export const SCHEMAS = {
  'OAuth 1': { schema: z.strictObject(oauth1), keys: Object.keys(oauth1), kwargs: Object.keys(oauth1Kwargs) },
  'OAuth 2': { schema: z.strictObject(oauth2), keys: Object.keys(oauth2), kwargs: Object.keys(oauth2Kwargs) },
} as const;

/** The keys of settings whose values contain settings, by the key of the outer setting, in camelCase. */
export const NESTED_KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['clientKwargs', [...new Set([...Object.keys(oauth1Kwargs), ...Object.keys(oauth2Kwargs)])]],
  ...Object.entries(WIRE_SETTINGS).map(([key, schema]): [string, string[]] => [
    key,
    Object.keys(schema.unwrap().shape),
  ]),
]);

/** Settings that hold URLs of the provider, to which requests, codes or tokens are sent. */
export const URL_KEYS = keysOf(url, origin);
/** Settings inside other settings that hold such URLs, by the key of the outer setting. */
export const NESTED_URL_KEYS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(WIRE_SETTINGS).flatMap(([key, schema]): [string, string[]][] => {
    const shape = Object.entries<z.ZodType>(schema.unwrap().shape);
    const urls = shape.filter(([, type]) => typeOf(type) === url).map(([name]) => name);
    return urls.length === 0 ? [] : [[key, urls]];
  }),
);
/** Settings that hold keys or certificates in PEM. */
export const PEM_KEYS = keysOf(privateKeys, privateJwk, certificate, rsaKey);

/** Returns the settings that have one of these types, or are an array of it. */
function keysOf(...types: z.ZodType[]): ReadonlySet<string> {
  const settings = Object.entries<z.ZodType>({ ...oauth1, ...oauth1Kwargs, ...oauth2, ...oauth2Kwargs });
  return new Set(settings.filter(([, schema]) => types.includes(typeOf(schema))).map(([key]) => key));
}

function typeOf(schema: z.ZodType): z.ZodType {
  const isWrapped = schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodArray;
  return isWrapped ? typeOf(schema.unwrap() as z.ZodType) : schema;
}

/** Checked settings of an OAuth 1 client, with all defaults. */
export type OAuth1Settings = Readonly<z.output<(typeof SCHEMAS)['OAuth 1']['schema']>>;
/** Checked settings of an OAuth 2 client, with all defaults. */
export type OAuth2Settings = Readonly<z.output<(typeof SCHEMAS)['OAuth 2']['schema']>>;
