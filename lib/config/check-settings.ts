import { isAllowedUrl } from './allowed-url.js';
import { CLIENT_AUTH_METHODS, isClientAuthMethod } from './client-auth-methods.js';
import type { Compliance } from './compliance-fix.js';
import { escaped } from './escaped-text.js';
import { isRecord } from './is-record.js';
import { issuerFaults } from './issuer-faults.js';
import { isSignatureMethod, SIGNATURE_METHODS } from '../oauth1/signature-methods.js';
import type { Protocol, Settings } from './setting-keys.js';
import { snakeCase } from './snake-case.js';
import { isHttpUrl } from './value-schemas.js';

/** Keys whose values are URLs that requests, codes or tokens are sent to. */
const URL_KEY = /(Url|Uri|Endpoint|Origins)$|^issuer$/;
/** How many characters of an unknown key an error shows. */
const KEY_SHOWN = 50;

/**
 * Returns the faults that the schema cannot see, since they lie between settings, or between a setting and what
 * `complianceFix` registered. A value of the wrong type is the schema's fault, and ignored here.
 */
export function checkSettings(protocol: Protocol, settings: Settings, compliance: Compliance): string[] {
  return protocol === 'OAuth 1' ? oauth1Faults(settings, compliance) : oauth2Faults(settings, compliance);
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
    ...authMethodFaults(settings, compliance),
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
  if (requires === undefined || (settings[requires] ?? '') !== '') return [];
  return [`${snakeCase(requires)}: missing; ${method} needs ${requires === 'clientSecret' ? 'it' : 'one'}`];
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

/**
 * Returns the URLs of the provider that are http, and must not be: anyone on the network path reads what goes over http.
 * @param allowInsecureHosts the module's `allowInsecureHttp`
 */
export function insecureUrlFaults(settings: Settings, allowInsecureHosts: boolean): string[] {
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
