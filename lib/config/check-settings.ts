import { fieldsOf } from '../common/fields-of.js';
import { isAllowedUrl } from './allowed-url.js';
import { clientSecretFaults } from './client-secret-faults.js';
import { apiRequestFaults } from './api-request-faults.js';
import { callbackParameterFaults } from './callback-parameter-faults.js';
import { CLIENT_AUTH_METHODS, isClientAuthMethod } from './client-auth-methods.js';
import type { Compliance } from './compliance-fix.js';
import { isRecord } from './is-record.js';
import { issuerFaults } from './issuer-faults.js';
import { isSignatureMethod, SIGNATURE_METHODS } from '../oauth1/signature-methods.js';
import { secretSignatureFaults } from './secret-signature-faults.js';
import { insecureProfileUrls, profileFaults, type ParsedProfile } from './profile-faults.js';
import type { Protocol, Settings } from './setting-keys.js';
import { NESTED_URL_KEYS, URL_KEYS } from './settings-schema.js';
import { snakeCase } from './snake-case.js';
import { isHttpUrl } from './value-schemas.js';
import { wireFaults } from './wire-faults.js';

/**
 * Returns the faults that the schema cannot find: contradictions between settings, or between a setting and the methods that
 * `complianceFix` registered. Ignores values of the wrong type, which the schema reports.
 */
export function checkSettings(
  protocol: Protocol,
  settings: Settings,
  { profile, compliance }: { profile: ParsedProfile; compliance: Compliance },
): string[] {
  return [
    ...callbackParameterFaults(settings),
    ...apiRequestFaults(protocol, settings),
    ...profileFaults(protocol, settings, profile),
    ...(protocol === 'OAuth 1' ? oauth1Faults(settings, compliance) : oauth2Faults(settings, compliance)),
  ];
}

function oauth1Faults(settings: Settings, { signatureMethods }: Compliance): string[] {
  const { signatureMethod = 'HMAC-SHA1', rsaKey } = kwargsOf(settings);
  if (!isText(signatureMethod)) return [];
  const known = [...Object.keys(SIGNATURE_METHODS), ...signatureMethods.keys()];
  if (!known.includes(signatureMethod)) {
    return [`client_kwargs.signature_method: unknown; there are ${known.join(', ')}`];
  }
  const needsRsaKey = isSignatureMethod(signatureMethod) && SIGNATURE_METHODS[signatureMethod].needsRsaKey;
  if (!needsRsaKey || rsaKey !== undefined) return [];
  return [`client_kwargs.rsa_key: missing; ${signatureMethod} signs with an RSA private key in PEM`];
}

function oauth2Faults(settings: Settings, compliance: Compliance): string[] {
  return [
    ...missingEndpoints(settings),
    ...issuerFaults(settings),
    ...challengeFaults(settings),
    ...checkedParameterFaults(settings),
    ...clientSecretFaults(settings),
    ...secretSignatureFaults(settings),
    ...authMethodFaults(settings, compliance),
    ...wireFaults(settings),
    ...(settings.requireSignedRequestObject === true && settings.privateKeys === undefined
      ? ['private_keys: missing; require_signed_request_object needs one']
      : []),
  ];
}

function authMethodFaults(settings: Settings, { clientAuthMethods }: Compliance): string[] {
  const { tokenEndpointAuthMethod: method } = kwargsOf(settings);
  if (!isText(method) || clientAuthMethods.has(method)) return [];
  if (!isClientAuthMethod(method)) {
    const known = [...Object.keys(CLIENT_AUTH_METHODS), ...clientAuthMethods.keys()];
    return [`client_kwargs.token_endpoint_auth_method: unknown; there are ${known.join(', ')}`];
  }
  const { requires } = CLIENT_AUTH_METHODS[method];
  if (requires === undefined || (requires === 'clientSecret' && settings.clientSecretJwt !== undefined)) return [];
  if ((settings[requires] ?? '') !== '') return [];
  return [`${snakeCase(requires)}: missing; ${method} needs ${requires === 'clientSecret' ? 'it' : 'one'}`];
}

/** Returns the fault of a public client without PKCE, which protects its codes if they are stolen (RFC 9700 §2.1.1). */
function challengeFaults(settings: Settings): string[] {
  const { tokenEndpointAuthMethod, codeChallengeMethod } = kwargsOf(settings);
  const credential = tokenEndpointAuthMethod ?? settings.clientSecretJwt ?? settings.clientSecret ?? '';
  const isPublic = tokenEndpointAuthMethod === 'none' || credential === '';
  if (!isPublic || (settings.codeChallengeMethod ?? codeChallengeMethod) !== 'none') return [];
  return [
    'code_challenge_method: "none" requires a client that authenticates; this client has no secret and no key. Remove ' +
      'the setting',
  ];
}

/** Checks the types of parameters that are compared with the id_token. A wrong type would disable the comparison. */
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

/** Returns the endpoints that are missing. They are required if the settings do not lead to metadata. */
function missingEndpoints(settings: Settings): string[] {
  const { serverMetadataUrl, issuer, jwksUri, grantType } = settings;
  if (serverMetadataUrl !== undefined || (issuer !== undefined && jwksUri === undefined)) return [];
  const needed = grantType === 'client_credentials' ? ['accessTokenUrl'] : ['authorizeUrl', 'accessTokenUrl'];
  return needed
    .filter((key) => settings[key] === undefined)
    .map((key) => `${snakeCase(key)}: missing; give it, or issuer, or server_metadata_url`);
}

/**
 * Returns a fault for each URL of the provider that must not be http: anyone on the network path can read http.
 * @param allowInsecureHosts the module's `allowInsecureHttp`
 */
export function insecureUrlFaults(settings: Settings, profile: ParsedProfile, allowInsecureHosts: boolean): string[] {
  const allowInsecureHttp = settings.allowInsecureHttp === true;
  const isInsecure = (value: unknown): boolean =>
    isHttpUrl(value) && !isAllowedUrl(value, { allowInsecureHttp, allowInsecureHosts });
  const reason = allowInsecureHttp
    ? 'must be https, because allow_insecure_http applies only to localhost, 127.0.0.0/8 and [::1]; for another host, also set ' +
      'the module option allowInsecureHttp'
    : 'must be https; for a provider on this machine, set allow_insecure_http';
  const insecure = Object.keys(settings).filter((key) => URL_KEYS.has(key) && [settings[key]].flat().some(isInsecure));
  const nested = Object.entries(settings).flatMap(([key, value]) => {
    const names = isRecord(value) ? (NESTED_URL_KEYS.get(key) ?? []) : [];
    return names
      .filter((name) => isInsecure(fieldsOf(value)[name]))
      .map((name) => `${snakeCase(key)}.${snakeCase(name)}`);
  });
  return [...insecure.map(snakeCase), ...nested, ...insecureProfileUrls(profile, isInsecure)].map(
    (key) => `${key}: ${reason}`,
  );
}

/** Returns whether a value is a number of seconds, as a number or as a string of digits. */
function isSeconds(value: unknown): boolean {
  return typeof value === 'number' ? value >= 0 : typeof value === 'string' && /^\d{1,10}$/.test(value);
}

function kwargsOf({ clientKwargs }: Settings): Settings {
  return isRecord(clientKwargs) ? clientKwargs : {};
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
