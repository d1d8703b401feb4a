import { z } from 'zod';
import { areAdditionalHeaders } from './http-options.js';
import { anyText, callbackNames, ecKey, flag, text, url } from './value-schemas.js';
import type {
  ApiRequestSettings,
  AuthorizationRequestSettings,
  ClientSecretJwtSettings,
  CodeRequestSettings,
  LongLivedTokenRequestSettings,
  RefreshRequestSettings,
  TokenApiBaseUrlSettings,
  TokenRequestSettings,
  TokenResponseSettings,
} from './wire-settings.js';

const AN_OBJECT = 'expected an object';
/** `api.example.com` or `*.example.com`. A wildcard stands for whole labels below a domain of at least two labels. */
const HOST_PATTERN = /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/;

const parameterNames = z.record(
  z.string(),
  z.union([text, z.literal(false)], 'expected the name of a parameter, or false to omit it'),
  'expected an object of parameter names',
);
const headers = z.custom<Record<string, string>>(
  areAdditionalHeaders,
  'expected an object of header names and their values',
);

const tokenRequest = {
  format: z.enum(['form', 'json', 'query'], 'expected form, json or query').optional(),
  parameterNames: parameterNames.optional(),
  headers: headers.optional(),
} satisfies Record<keyof TokenRequestSettings, z.ZodType>;

const authorizationRequest = {
  parameterNames: parameterNames.optional(),
  fragment: z
    .string()
    .regex(/^#[\w-]{1,100}$/, 'expected "#" and then letters, digits, hyphens or underscores')
    .optional(),
  stateInRedirectUri: flag.optional(),
} satisfies Record<keyof AuthorizationRequestSettings, z.ZodType>;

const codeRequest = { ...tokenRequest, callbackParameters: callbackNames.optional() } satisfies Record<
  keyof CodeRequestSettings,
  z.ZodType
>;

const refreshRequest = { ...tokenRequest, grantType: text.optional() } satisfies Record<
  keyof RefreshRequestSettings,
  z.ZodType
>;

const longLivedTokenRequest = { ...tokenRequest, url, grantType: text } satisfies Record<
  keyof LongLivedTokenRequestSettings,
  z.ZodType
>;

const tokenResponse = {
  path: text.optional(),
  fieldNames: z.record(z.string(), text, 'expected an object of field names').optional(),
  expiresInUnit: z.enum(['seconds', 'milliseconds'], 'expected seconds or milliseconds').optional(),
} satisfies Record<keyof TokenResponseSettings, z.ZodType>;

const apiRequest = {
  headers: headers.optional(),
  tokenScheme: z
    .string()
    .regex(/^[A-Za-z0-9-]{0,30}$/, 'expected the name of a scheme, or an empty string')
    .optional(),
  tokenHeader: z
    .string()
    .regex(/^[\w-]{1,100}$/, 'expected the name of a header')
    .optional(),
  tokenParameter: text.optional(),
} satisfies Record<keyof ApiRequestSettings, z.ZodType>;

const tokenApiBaseUrl = {
  field: text,
  hosts: z.array(
    z.string().regex(HOST_PATTERN, 'expected a host such as "api.example.com" or "*.example.com"'),
    'expected an array of hosts',
  ),
  path: text.optional(),
} satisfies Record<keyof TokenApiBaseUrlSettings, z.ZodType>;

const clientSecretJwt = {
  teamId: text,
  keyId: text,
  privateKey: ecKey,
  privateKeyFile: text.optional(),
  audience: url,
} satisfies Record<keyof ClientSecretJwtSettings, z.ZodType>;

/** The settings whose values are objects of settings, by their keys. */
export const WIRE_SETTINGS = {
  authorizationRequest: z.strictObject(authorizationRequest, AN_OBJECT).optional(),
  tokenRequest: z.strictObject(codeRequest, AN_OBJECT).optional(),
  refreshRequest: z.strictObject(refreshRequest, AN_OBJECT).optional(),
  longLivedTokenRequest: z.strictObject(longLivedTokenRequest, AN_OBJECT).optional(),
  tokenResponse: z.strictObject(tokenResponse, AN_OBJECT).optional(),
  apiRequest: z.strictObject(apiRequest, AN_OBJECT).optional(),
  tokenApiBaseUrl: z.strictObject(tokenApiBaseUrl, AN_OBJECT).optional(),
  clientSecretJwt: z.strictObject(clientSecretJwt, AN_OBJECT).optional(),
};

/** A redirect URI that is the name of a registered URL. */
export const redirectUriName = anyText.min(1, 'must not be empty').max(500, 'expected at most 500 characters');
