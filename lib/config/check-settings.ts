import { createPrivateKey } from 'node:crypto';
import type { z } from 'zod';
import { Compliance, type ComplianceFix } from './compliance-fix.js';
import { issuerFaults } from './issuer-faults.js';
import { isRecord, KNOWN_KEYS, nearestKey, snakeCase, type Settings } from './setting-keys.js';
import { SCHEMAS } from './settings-schema.js';

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

/** Every fault of one client's settings: one sentence each, beginning with name and key, without any value of theirs. */
export function checkSettings(name: string, settings: Settings): string[] {
  const protocol: Protocol = settings.requestTokenUrl === undefined ? 'OAuth 2' : 'OAuth 1';
  const issues = SCHEMAS[protocol].schema.safeParse(settings).error?.issues ?? [];
  const faults = [
    ...issues.flatMap((issue) => describe(issue, settings, protocol)),
    ...insecureUrlFaults(settings),
    ...(protocol === 'OAuth 1' ? oauth1Faults(settings) : oauth2Faults(settings)),
  ];
  return [...nameFaults(name), ...faults.map((fault) => `${name}.${fault}`)];
}

function nameFaults(name: string): string[] {
  if (name === '') return ['a client has an empty name'];
  return name in Object.prototype ? [`${name}: not a name for a client, every JavaScript object has it already`] : [];
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
  const faults = [...missingEndpoints(settings), ...issuerFaults(settings)];
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
function insecureUrlFaults(settings: Settings): string[] {
  if (settings.allowInsecureHttp === true) return [];
  return Object.keys(settings)
    .filter(
      (key) => URL_KEY.test(key) && [settings[key]].flat().some((value) => isText(value) && /^http:/i.test(value)),
    )
    .map((key) => `${snakeCase(key)}: must be https; for a provider on this machine, set allow_insecure_http`);
}

function kwargsOf({ clientKwargs }: Settings): Settings {
  return isRecord(clientKwargs) ? clientKwargs : {};
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function describe(issue: z.core.$ZodIssue, settings: Settings, protocol: Protocol): string[] {
  const path = issue.path.map((key, depth) => (isSettingKey(issue.path, depth) ? snakeCase(String(key)) : String(key)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) => `${[...path, shown(key)].join('.')}: ${describeUnknownKey(key, path.length > 0, protocol)}`,
    );
  }
  const missing = issue.path.length === 1 && settings[String(issue.path[0])] === undefined;
  return [`${path.join('.')}: ${missing ? 'missing' : issue.message}`];
}

/** A key of the other protocol, as all messages have it; one that does not exist, as it is written. */
function shown(key: string): string {
  return KNOWN_KEYS.has(key) ? snakeCase(key) : key;
}

/** Keys below `*_params` are the provider's parameters and stay as they are. */
function isSettingKey(path: readonly PropertyKey[], depth: number): boolean {
  return depth === 0 || path[0] === 'clientKwargs';
}

function describeUnknownKey(key: string, nested: boolean, protocol: Protocol): string {
  const other = protocol === 'OAuth 1' ? 'OAuth 2' : 'OAuth 1';
  if (keysAt(nested, other).includes(key)) {
    const has = protocol === 'OAuth 1' ? 'has a' : 'has no';
    return `belongs to ${other}; this client is ${protocol}, since it ${has} request_token_url`;
  }
  if (keysAt(!nested, protocol).includes(key))
    return nested ? 'belongs beside client_kwargs' : 'belongs in client_kwargs';
  const nearest = nearestKey(key, keysAt(nested, protocol));
  return nearest ? `unknown key; did you mean ${snakeCase(nearest)}?` : 'unknown key';
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
