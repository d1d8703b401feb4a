import { z } from 'zod';
import type { OAuth1ClientSettings, OAuth1Kwargs, OAuth2ClientSettings, OAuth2Kwargs } from './client-settings.js';

const text = z.string('expected a string').min(1, { error: 'must not be empty', abort: true });
const url = text.refine(isHttpUrl, 'expected an absolute http or https URL');
const parameters = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean()], 'expected a string, a number or a boolean'),
  'expected an object of parameters',
);
const origin = url.refine((value) => !URL.canParse(value) || new URL(value).origin === value.replace(/\/$/, ''), {
  message: 'expected an origin: scheme, host and port alone',
});
const aFunction = z.custom((value) => typeof value === 'function', 'expected a function');
const s256 = z.literal('S256', 'only "S256" is supported (RFC 7636 §4.2)');

const common = {
  clientId: text,
  clientSecret: z.string('expected a string').optional(),
  accessTokenParams: parameters.optional(),
  authorizeParams: parameters.optional(),
  apiBaseUrl: url.optional(),
  apiOrigins: z.array(origin, 'expected an array of origins').optional(),
  fetchToken: aFunction.optional(),
  complianceFix: aFunction.optional(),
};

const oauth1Kwargs = {
  signatureMethod: text.optional(),
  signatureType: z.enum(['HEADER', 'QUERY', 'BODY'], 'expected HEADER, QUERY or BODY').optional(),
  rsaKey: text.optional(),
  realm: z.string('expected a string').optional(),
  forceIncludeBody: z.boolean('expected true or false').optional(),
} satisfies Record<keyof OAuth1Kwargs, z.ZodType>;

const oauth2Kwargs = {
  scope: z.union([z.string(), z.array(z.string())], 'expected a string or an array of strings').optional(),
  tokenEndpointAuthMethod: text.optional(),
  tokenPlacement: z.enum(['header', 'body', 'uri'], 'expected header, body or uri').optional(),
  codeChallengeMethod: s256.optional(),
  leeway: z.number('expected a number of seconds').min(0, 'expected 0 or more seconds').optional(),
} satisfies Record<keyof OAuth2Kwargs, z.ZodType>;

const oauth1 = {
  ...common,
  requestTokenUrl: url,
  requestTokenParams: parameters.optional(),
  accessTokenUrl: url,
  authorizeUrl: url,
  clientKwargs: z.strictObject(oauth1Kwargs, 'expected an object').optional(),
} satisfies Record<keyof OAuth1ClientSettings, z.ZodType>;

const oauth2 = {
  ...common,
  accessTokenUrl: url.optional(),
  authorizeUrl: url.optional(),
  refreshTokenUrl: url.optional(),
  refreshTokenParams: parameters.optional(),
  serverMetadataUrl: url.optional(),
  codeChallengeMethod: s256.optional(),
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

/** Whether a URL is absolute, and of a scheme that a provider or a site can have. */
export function isHttpUrl(value: string): boolean {
  return /^https?:\/\//i.test(value) && URL.canParse(value);
}
