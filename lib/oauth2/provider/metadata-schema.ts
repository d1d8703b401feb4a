import type { AuthorizationServer } from 'oauth4webapi';
import { z } from 'zod';
import { isAllowedUrl, type UrlRules } from '../../config/allowed-url.js';
import { parseJsonObject } from '../wire/json.js';
import { RefusedInput } from '../wire/refused-input.js';
import { ENDPOINTS } from './provider.js';

/** Maximum length of a string, in characters. */
const MAX_LENGTH = 2048;
/** Maximum number of strings in a list. */
const MAX_ITEMS = 200;

const LISTS = [
  'id_token_signing_alg_values_supported',
  'userinfo_signing_alg_values_supported',
  'authorization_signing_alg_values_supported',
  'introspection_signing_alg_values_supported',
  'code_challenge_methods_supported',
  'token_endpoint_auth_methods_supported',
] as const;
const FLAGS = [
  'authorization_response_iss_parameter_supported',
  'require_signed_request_object',
  'require_pushed_authorization_requests',
] as const;

const text = z.string().min(1).max(MAX_LENGTH);
const list = z.array(z.unknown()).transform((items) => items.slice(0, MAX_ITEMS).filter((item) => isShortText(item)));

/** The schemas of the used metadata. Fields of the wrong type and URLs that are not allowed become absent. */
const SCHEMAS = {
  https: schemaFor({ allowInsecureHttp: false, allowInsecureHosts: false }),
  loopback: schemaFor({ allowInsecureHttp: true, allowInsecureHosts: false }),
  http: schemaFor({ allowInsecureHttp: true, allowInsecureHosts: true }),
};

/**
 * Returns the server metadata in a response (OpenID Connect Discovery 1.0 §3, RFC 8414 §2). Drops unused fields.
 * @param received describes the response in an error
 * @throws {RefusedInput} when the body is not a JSON object, or has no issuer
 */
export function readMetadata(
  body: string,
  { allowInsecureHttp, allowInsecureHosts }: UrlRules,
  received = 'no content type',
): AuthorizationServer {
  const fields = parseJsonObject(body);
  if (!fields) throw new RefusedInput(`it is not a JSON object (${received})`);
  const { data } = SCHEMAS[!allowInsecureHttp ? 'https' : allowInsecureHosts ? 'http' : 'loopback'].safeParse(fields);
  if (!data) throw new RefusedInput('it has no issuer, expected an absolute URL');
  return present(data);
}

function schemaFor(rules: UrlRules) {
  const url = text.refine((value) => isAllowedUrl(value, rules));
  const endpoints = shape(ENDPOINTS, url);
  return z.object({
    issuer: text.refine((value) => URL.canParse(value)),
    ...endpoints,
    ...shape(LISTS, list),
    ...shape(FLAGS, z.boolean()),
    mtls_endpoint_aliases: z.object(endpoints).transform(present).optional().catch(undefined),
  });
}

function shape<Name extends string, Type extends z.ZodType>(names: readonly Name[], type: Type) {
  const optional = type.optional().catch(undefined);
  return Object.fromEntries(names.map((name) => [name, optional])) as Record<Name, typeof optional>;
}

function present<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_LENGTH;
}
