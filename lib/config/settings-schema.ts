import { createPrivateKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type {
  OAuth1ClientSettings,
  OAuth1Kwargs,
  OAuth2ClientSettings,
  OAuth2Kwargs,
  OpenIdSettings,
  ProviderEndpoints,
  SecuritySettings,
} from './client-settings.js';
import { httpOptions } from './http-options.js';
import { readPrivateKey, type PrivateKeyEntry, type PrivateKeyMaterial, type PrivateKeys } from './private-key.js';

const text = z.string('expected a string').min(1, { error: 'must not be empty', abort: true });
const url = text.refine(isHttpUrl, 'expected an absolute http or https URL');
const uri = text.refine(
  (value) => URL.canParse(value) && !value.includes('#'),
  'expected an absolute URI without a fragment',
);
const parameters = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean()], 'expected a string, a number or a boolean'),
  'expected an object of parameters',
);
const origin = url.refine((value) => !URL.canParse(value) || new URL(value).origin === value.replace(/\/$/, ''), {
  message: 'expected an origin: scheme, host and port alone',
});
const aFunction = z.custom((value) => typeof value === 'function', 'expected a function');
const flag = z.boolean('expected true or false');
const privateKey = z.custom<PrivateKeyMaterial>(
  isPrivateKey,
  'not a usable private key: expected PEM, a JWK or a KeyObject (RSA, EC P-256, P-384 or P-521, Ed25519, X25519)',
);
const privateKeys = z.custom<PrivateKeys>(
  (value) =>
    typeof value === 'function' ||
    (Array.isArray(value) ? value.length > 0 && value.every(isPrivateKey) : isPrivateKey(value)),
  'expected private keys, each PEM, a JWK or a KeyObject (RSA, EC P-256, P-384 or P-521, Ed25519, X25519), or a function that gives them',
);
const certificate = z
  .strictObject(
    { cert: text, key: text, ca: text.optional() },
    'expected an object with a certificate and its key in PEM, { cert, key }',
  )
  .refine(isCertificate, 'not a usable certificate with its key, in PEM');
const signingAlg = z
  .string()
  .regex(
    /^((RS|PS|ES)(256|384|512)|Ed25519|EdDSA|ML-DSA-(44|65|87))$/,
    'expected an algorithm of signatures by private keys, such as RS256, PS256 or ES256',
  );
const FRACTION = 'expected a part of the lifetime, between 0 and 1';
const challengeMethod = z.enum(['S256', 'none'], 'expected "S256" (RFC 7636 §4.2), or "none" to turn PKCE off');

/** A duration that no timer and no sum of times can overflow. */
function seconds(most: number) {
  const error = `expected 0 to ${most} seconds`;
  return z.number('expected a number of seconds').min(0, error).max(most, error);
}

/** What timers and clocks may be told, in seconds. */
export const MAX_CLOCK_TOLERANCE = 600;
const MOST = { clockTolerance: MAX_CLOCK_TOLERANCE, leeway: 86_400, refreshTimeout: 300 };

const common = {
  clientId: text,
  clientSecret: z.string('expected a string').optional(),
  accessTokenParams: parameters.optional(),
  apiBaseUrl: url.optional(),
  apiOrigins: z.array(origin, 'expected an array of origins').optional(),
  fetchToken: aFunction.optional(),
  allowInsecureHttp: flag.optional(),
  complianceFix: aFunction.optional(),
  http: httpOptions.optional(),
};

const oauth1Kwargs = {
  signatureMethod: text.optional(),
  signatureType: z.enum(['HEADER', 'QUERY', 'BODY'], 'expected HEADER, QUERY or BODY').optional(),
  rsaKey: text.optional(),
  realm: z.string('expected a string').optional(),
  forceIncludeBody: flag.optional(),
} satisfies Record<keyof OAuth1Kwargs, z.ZodType>;

const oauth2Kwargs = {
  scope: z.union([z.string(), z.array(z.string())], 'expected a string or an array of strings').optional(),
  tokenEndpointAuthMethod: text.optional(),
  tokenPlacement: z.enum(['header', 'body', 'uri'], 'expected header, body or uri').optional(),
  codeChallengeMethod: challengeMethod.optional(),
  leeway: seconds(MOST.leeway).optional(),
  refreshAhead: z.number(FRACTION).gt(0, FRACTION).lt(1, FRACTION).optional(),
  refreshTimeout: seconds(MOST.refreshTimeout).gt(0, 'expected more than 0 seconds').optional(),
} satisfies Record<keyof OAuth2Kwargs, z.ZodType>;

const oauth1 = {
  ...common,
  requestTokenUrl: url,
  requestTokenParams: parameters.optional(),
  allowSessionFixation: flag.optional(),
  accessTokenUrl: url,
  authorizeUrl: url,
  authorizeParams: parameters.optional(),
  clientKwargs: z.strictObject(oauth1Kwargs, 'expected an object').optional(),
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
/** Settings that name an endpoint as the metadata does, in camelCase. */
export const ENDPOINT_KEYS = Object.keys(endpoints) as (keyof ProviderEndpoints)[];

const openId = {
  clockTolerance: seconds(MOST.clockTolerance).optional(),
  userInfoFrom: z.enum(['id_token', 'userinfo'], 'expected id_token or userinfo').optional(),
  idTokenSignedResponseAlg: signingAlg.optional(),
  userinfoSignedResponseAlg: signingAlg.optional(),
  authorizationSignedResponseAlg: signingAlg.optional(),
  introspectionSignedResponseAlg: signingAlg.optional(),
  detachedSignature: flag.optional(),
  allowMissingNonce: flag.optional(),
} satisfies Record<keyof OpenIdSettings, z.ZodType>;

const security = {
  privateKeys: privateKeys.optional(),
  clientAssertionAudience: z
    .enum(['issuer', 'token_endpoint', 'endpoint'], 'expected issuer, token_endpoint or endpoint')
    .optional(),
  clientCertificate: certificate.optional(),
  requirePushedAuthorizationRequests: flag.optional(),
  requireSignedRequestObject: flag.optional(),
  requestObjectEncryptionAlg: text.optional(),
  requestObjectEncryptionEnc: text.optional(),
  dpopBoundAccessTokens: flag.optional(),
  dpopKey: privateKey.optional(),
} satisfies Record<keyof SecuritySettings, z.ZodType>;

const oauth2 = {
  ...common,
  accessTokenUrl: url.optional(),
  authorizeUrl: url.optional(),
  refreshTokenUrl: url.optional(),
  refreshTokenParams: parameters.optional(),
  authorizeParams: z.record(z.string(), z.unknown(), 'expected an object of parameters').optional(),
  issuer: url.optional(),
  serverMetadataUrl: url.optional(),
  allowIssuerImpersonation: flag.optional(),
  allowAnyTenant: flag.optional(),
  grantType: z
    .enum(['authorization_code', 'client_credentials'], 'expected authorization_code or client_credentials')
    .optional(),
  resource: z.union([uri, z.array(uri)], 'expected an absolute URI without a fragment, or an array of them').optional(),
  ...endpoints,
  ...openId,
  ...security,
  codeChallengeMethod: challengeMethod.optional(),
  updateToken: aFunction.optional(),
  clientKwargs: z.strictObject(oauth2Kwargs, 'expected an object').optional(),
} satisfies Record<keyof OAuth2ClientSettings, z.ZodType>;

/** A schema a protocol, and the keys that each has, for the messages about keys it does not have. */
export const SCHEMAS = {
  'OAuth 1': { schema: z.strictObject(oauth1), keys: Object.keys(oauth1), kwargs: Object.keys(oauth1Kwargs) },
  'OAuth 2': { schema: z.strictObject(oauth2), keys: Object.keys(oauth2), kwargs: Object.keys(oauth2Kwargs) },
} as const;

export type OAuth1Settings = z.infer<(typeof SCHEMAS)['OAuth 1']['schema']>;
export type OAuth2Settings = z.infer<(typeof SCHEMAS)['OAuth 2']['schema']>;

function isCertificate({ cert, key }: { cert: string; key: string }): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function isPrivateKey(value: unknown): boolean {
  try {
    readPrivateKey(value as PrivateKeyMaterial | PrivateKeyEntry);
    return true;
  } catch {
    return false;
  }
}

/** Whether a value is an absolute http or https URL. `URL` drops line breaks and tabs, so they are refused here. */
export function isHttpUrl(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\/[^\s\p{Cc}]+$/iu.test(value) && URL.canParse(value);
}
