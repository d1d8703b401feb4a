import { isRecord } from './is-record.js';
import type { Settings } from './setting-keys.js';

const MAX_LENGTH = 8_192;
const MAX_ENTRIES = 100;
/** An https URL with a plain host and path, which every parser reads in the same way. */
const PLAIN_URL = /^https:\/\/(?:[a-z0-9-]{1,60}\.){1,10}[a-z]{2,20}(?::[1-9]\d{0,3})?(?:\/[\w.~/-]{0,500})?$/;
/** Parameters whose values are checked. */
const CHECKED_PARAMETERS = ['max_age', 'acr_values'];

type Check = (value: unknown) => boolean;

const KWARGS: Record<string, Check> = { scope: isText, codeChallengeMethod: (value) => value === 'S256' };
const SETTINGS: Record<string, Check> = {
  clientId: isText,
  clientSecret: isText,
  authorizeUrl: isPlainUrl,
  accessTokenUrl: isPlainUrl,
  apiBaseUrl: isPlainUrl,
  userinfoEndpoint: isPlainUrl,
  authorizeParams: isPlainParameters,
  clientKwargs: (value) => isPlainObject(value) && passes(KWARGS, value),
};

/**
 * Returns whether the settings of an OAuth 2 client are so plain that the complete check finds no fault in them. The complete check,
 * which takes five times as long, can then wait until the client is used.
 */
export function arePlain(settings: Settings): boolean {
  const { clientId, authorizeUrl, accessTokenUrl } = settings;
  const isComplete = clientId !== undefined && authorizeUrl !== undefined && accessTokenUrl !== undefined;
  return isComplete && passes(SETTINGS, settings);
}

function passes(checks: Record<string, Check>, values: Settings): boolean {
  for (const key of Object.keys(values)) {
    if (!Object.hasOwn(checks, key) || !checks[key]?.(values[key])) return false;
  }
  return true;
}

/** Returns whether a value is the object of a literal or of JSON, without inherited, hidden and symbol keys. */
function isPlainObject(value: unknown): value is Settings {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isLiteral = prototype === Object.prototype || prototype === null;
  return isLiteral && Reflect.ownKeys(value).length === Object.keys(value).length;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH;
}

/** Excludes hosts in Punycode, which may be invalid. */
function isPlainUrl(value: unknown): boolean {
  return typeof value === 'string' && PLAIN_URL.test(value) && !value.includes('xn--');
}

function isPlainParameters(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  const names = Object.keys(value);
  const isPlain = (name: string): boolean => isText(name) && !CHECKED_PARAMETERS.includes(name) && isText(value[name]);
  return names.length <= MAX_ENTRIES && names.every(isPlain);
}
