import { createPrivateKey } from 'node:crypto';
import type { z } from 'zod';
import { isAllowedUrl } from './allowed-url.js';
import { nameFaults } from './client-name.js';
import { Compliance, type ComplianceFix } from './compliance-fix.js';
import { escaped } from './escaped-text.js';
import { issuerFaults } from './issuer-faults.js';
import { HTTP_KEYS, httpKey } from './http-options.js';
import { isRecord } from './is-record.js';
import { KNOWN_KEYS, nearestKey, snakeCase, type Settings } from './setting-keys.js';
import { isHttpUrl, SCHEMAS } from './settings-schema.js';
import { sizeFaults } from './settings-size.js';

type Protocol = keyof typeof SCHEMAS;

const RSA_METHODS = ['RSA-SHA1', 'RSA-SHA256'];
const SIGNATURE_METHODS = ['HMAC-SHA1', 'HMAC-SHA256', ...RSA_METHODS, 'PLAINTEXT'];
const SECRET_METHODS = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt'];
const CLIENT_AUTH_METHODS = [
  ...SECRET_METHODS,
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
];

/** Keys whose values are URLs that requests, codes or tokens are sent to. */
const URL_KEY = /(Url|Uri|Endpoint|Origins)$|^issuer$/;

/** How many faults of one client are listed. */
const MOST_FAULTS = 20;
/** How many characters of an unknown key an error shows. */
const KEY_SHOWN = 50;

/** What the settings of a client are checked against beside the schema. */
export interface SettingsRules {
  /** The module's `allowInsecureHttp`. @default false */
  allowInsecureHosts?: boolean;
}

/** Returns every fault of one client's settings: one sentence each, beginning with name and key, without any value of theirs. */
export function checkSettings(name: string, settings: Settings, rules: SettingsRules = {}): string[] {
  const wrongName = nameFaults(name);
  if (wrongName.length > 0) return wrongName;
  const tooLarge = sizeFaults(settings);
  const faults = tooLarge.length > 0 ? tooLarge : contentFaults(settings, rules);
  const more = faults.length - MOST_FAULTS;
  const listed = faults.slice(0, MOST_FAULTS).map((fault) => `${name}.${fault}`);
  return more > 0 ? [...listed, `${name}: ${more} more faults are not listed`] : listed;
}

function contentFaults(settings: Settings, rules: SettingsRules): string[] {
  const protocol: Protocol = settings.requestTokenUrl === undefined ? 'OAuth 2' : 'OAuth 1';
  const issues = SCHEMAS[protocol].schema.safeParse(settings).error?.issues ?? [];
  return [
    ...issues.flatMap((issue) => describe(issue, settings, protocol)),
    ...insecureUrlFaults(settings, rules),
    ...(protocol === 'OAuth 1' ? oauth1Faults(settings) : oauth2Faults(settings)),
  ];
}

/** What the schema cannot tell of a client of OAuth 1; values of another type than they should be are its business. */
function oauth1Faults(settings: Settings): string[] {
  const compliance = runFix(settings.complianceFix);
  if (typeof compliance === 'string') return [compliance];
  const { signatureMethod = 'HMAC-SHA1', rsaKey } = kwargsOf(settings);
  const known = [...SIGNATURE_METHODS, ...compliance.signatureMethods.keys()];
  const faults: string[] = [];
  if (isText(signatureMethod) && !known.includes(signatureMethod)) {
    faults.push(`client_kwargs.signature_method: unknown; there are ${known.join(', ')}`);
  }
  if (isText(signatureMethod) && RSA_METHODS.includes(signatureMethod) && rsaKey === undefined) {
    faults.push(`client_kwargs.rsa_key: missing; ${signatureMethod} signs with an RSA private key in PEM`);
  }
  if (isText(rsaKey) && !isRsaKey(rsaKey)) {
    faults.push('client_kwargs.rsa_key: not a usable RSA private key in PEM');
  }
  return faults;
}

/** What the schema cannot tell of a client of OAuth 2. */
function oauth2Faults(settings: Settings): string[] {
  const compliance = runFix(settings.complianceFix);
  if (typeof compliance === 'string') return [compliance];
  const { tokenEndpointAuthMethod: method } = kwargsOf(settings);
  const known = [...CLIENT_AUTH_METHODS, ...compliance.clientAuthMethods.keys()];
  const ownMethod = isText(method) && compliance.clientAuthMethods.has(method);
  const faults = [
    ...missingEndpoints(settings),
    ...issuerFaults(settings),
    ...challengeFaults(settings),
    ...checkedParameterFaults(settings),
  ];
  if (isText(method) && !known.includes(method)) {
    faults.push(`client_kwargs.token_endpoint_auth_method: unknown; there are ${known.join(', ')}`);
  }
  if (isText(method) && !ownMethod && SECRET_METHODS.includes(method) && !settings.clientSecret) {
    faults.push(`client_secret: missing; ${method} needs it`);
  }
  if (method === 'private_key_jwt' && !ownMethod && settings.privateKeys === undefined) {
    faults.push('private_keys: missing; private_key_jwt needs one');
  }
  if (settings.requireSignedRequestObject === true && settings.privateKeys === undefined) {
    faults.push('private_keys: missing; require_signed_request_object needs one');
  }
  return faults;
}

/** PKCE is what keeps a stolen code of a public client from being used (RFC 9700 §2.1.1). */
function challengeFaults(settings: Settings): string[] {
  const { tokenEndpointAuthMethod, codeChallengeMethod } = kwargsOf(settings);
  const isPublic =
    tokenEndpointAuthMethod === 'none' || (tokenEndpointAuthMethod ?? settings.clientSecret ?? '') === '';
  if (!isPublic || (settings.codeChallengeMethod ?? codeChallengeMethod) !== 'none') return [];
  return [
    'code_challenge_method: "none" requires a client that authenticates; this client has no secret and no key. Remove ' +
      'the setting',
  ];
}

/** Parameters of every login that the id_token is checked for: of another type, they would switch the check off. */
function checkedParameterFaults({ authorizeParams }: Settings): string[] {
  if (!isRecord(authorizeParams)) return [];
  const { max_age: maxAge, acr_values: acrValues } = authorizeParams;
  const faults: string[] = [];
  if (maxAge !== undefined && !isSeconds(maxAge)) {
    faults.push('authorize_params.max_age: expected a number of seconds');
  }
  if (acrValues !== undefined && ![acrValues].flat().every(isText)) {
    faults.push('authorize_params.acr_values: expected a string or an array of strings');
  }
  return faults;
}

/** Where nothing is discovered, the settings must name what a login needs. */
function missingEndpoints(settings: Settings): string[] {
  const { serverMetadataUrl, issuer, jwksUri, grantType } = settings;
  if (serverMetadataUrl !== undefined || (issuer !== undefined && jwksUri === undefined)) return [];
  const needed = grantType === 'client_credentials' ? ['accessTokenUrl'] : ['authorizeUrl', 'accessTokenUrl'];
  return needed
    .filter((key) => settings[key] === undefined)
    .map((key) => `${snakeCase(key)}: missing; give it, or issuer, or server_metadata_url`);
}

/** Everybody on the way reads what goes over http. */
function insecureUrlFaults(settings: Settings, { allowInsecureHosts = false }: SettingsRules): string[] {
  const allowInsecureHttp = settings.allowInsecureHttp === true;
  const isInsecure = (value: unknown): boolean =>
    isHttpUrl(value) && !isAllowedUrl(value, { allowInsecureHttp, allowInsecureHosts });
  const why = allowInsecureHttp
    ? 'must be https, because allow_insecure_http applies only to localhost, 127.0.0.0/8 and [::1]; for another host, also set ' +
      'the module option allowInsecureHttp'
    : 'must be https; for a provider on this machine, set allow_insecure_http';
  return Object.keys(settings)
    .filter((key) => URL_KEY.test(key) && [settings[key]].flat().some(isInsecure))
    .map((key) => `${escaped(snakeCase(key), KEY_SHOWN)}: ${why}`);
}

/** A number, or the digits of one. */
function isSeconds(value: unknown): boolean {
  return typeof value === 'number' ? value >= 0 : typeof value === 'string' && /^\d{1,10}$/.test(value);
}

function kwargsOf({ clientKwargs }: Settings): Settings {
  return isRecord(clientKwargs) ? clientKwargs : {};
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function describe(issue: z.core.$ZodIssue, settings: Settings, protocol: Protocol): string[] {
  const path = issue.path.map((key, depth) => shown(String(key), isSettingKey(issue.path, depth)));
  if (issue.code === 'unrecognized_keys' && issue.path[0] === 'http') {
    return issue.keys.map((key) => `http.${escaped(key, KEY_SHOWN)}: ${unknownKey(key, HTTP_KEYS, httpKey)}`);
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key, index) => {
      const why = index < MOST_FAULTS ? describeUnknownKey(key, path.length > 0, protocol) : 'unknown key';
      return `${[...path, shown(key, KNOWN_KEYS.has(key))].join('.')}: ${why}`;
    });
  }
  const missing = issue.path.length === 1 && settings[String(issue.path[0])] === undefined;
  return [`${path.join('.')}: ${missing ? 'missing' : issue.message}`];
}

/** Returns a setting's key in snake_case, as all messages have it, and any other key as it is written, escaped and cut. */
function shown(key: string, isSetting: boolean): string {
  return escaped(isSetting ? snakeCase(key) : key, KEY_SHOWN);
}

/** Keys below `*_params` are the provider's parameters and stay as they are. */
function isSettingKey(path: readonly PropertyKey[], depth: number): boolean {
  return depth === 0 || path[0] === 'clientKwargs' || (path[0] === 'http' && depth === 1);
}

function describeUnknownKey(key: string, nested: boolean, protocol: Protocol): string {
  const other = protocol === 'OAuth 1' ? 'OAuth 2' : 'OAuth 1';
  if (keysAt(nested, other).includes(key)) {
    const has = protocol === 'OAuth 1' ? 'has a' : 'has no';
    return `belongs to ${other}; this client is ${protocol}, since it ${has} request_token_url`;
  }
  if (keysAt(!nested, protocol).includes(key))
    return nested ? 'belongs beside client_kwargs' : 'belongs in client_kwargs';
  return unknownKey(key, keysAt(nested, protocol), snakeCase);
}

function unknownKey(key: string, known: readonly string[], written: (key: string) => string): string {
  const nearest = nearestKey(key, known);
  return nearest ? `unknown key; did you mean ${written(nearest)}?` : 'unknown key';
}

function keysAt(nested: boolean, protocol: Protocol): readonly string[] {
  return nested ? SCHEMAS[protocol].kwargs : SCHEMAS[protocol].keys;
}

/** What most clients have registered. */
const NOTHING = new Compliance();

function runFix(fix: unknown): Compliance | string {
  if (typeof fix !== 'function') return NOTHING;
  try {
    return new Compliance(fix as ComplianceFix);
  } catch (error) {
    return `compliance_fix: ${error instanceof RangeError ? error.message : 'threw an error when it was called'}`;
  }
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false; // the reason may quote the key
  }
}
