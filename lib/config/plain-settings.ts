import { isRecord } from './is-record.js';
import type { Settings } from './setting-keys.js';
import { snakeCase } from './snake-case.js';

const MAX_LENGTH = 8_192;
const MAX_ENTRIES = 100;
/** An https URL with a plain host and path, which every parser reads in the same way. */
const PLAIN_URL = /^https:\/\/(?:[a-z0-9-]{1,60}\.){1,10}[a-z]{2,20}(?::[1-9]\d{0,3})?(?:\/[\w.~/-]{0,500})?$/;
/** Parameters whose values are checked. */
const CHECKED_PARAMETERS = ['max_age', 'acr_values'];

type Check = (value: unknown) => boolean;

const KWARGS = checksOf({ scope: isText, codeChallengeMethod: (value) => value === 'S256' });
const SETTINGS = checksOf({
  clientId: isText,
  clientSecret: isText,
  authorizeUrl: isPlainUrl,
  accessTokenUrl: isPlainUrl,
  apiBaseUrl: isPlainUrl,
  userinfoEndpoint: isPlainUrl,
  authorizeParams: isPlainParameters,
  clientKwargs: (value) => isPlainObject(value) && passes(KWARGS, value),
});

/**
 * Returns whether the settings of an OAuth 2 client, with keys in camelCase or snake_case, are so plain that the complete check finds
 * no fault in them. The complete check, which takes much longer, can then wait until the client is used.
 */
export function arePlain(settings: object): boolean {
  const { clientId, client_id, authorizeUrl, authorize_url, accessTokenUrl, access_token_url } = settings as Settings;
  const isComplete =
    (clientId ?? client_id) !== undefined &&
    (authorizeUrl ?? authorize_url) !== undefined &&
    (accessTokenUrl ?? access_token_url) !== undefined;
  return isComplete && passes(SETTINGS, settings as Settings);
}

/** Returns the checks by the camelCase and the snake_case of their keys. */
function checksOf(checks: Record<string, Check>): ReadonlyMap<string, Check> {
  return new Map(
    Object.entries(checks).flatMap(([key, check]): [string, Check][] => [
      [key, check],
      [snakeCase(key), check],
    ]),
  );
}

function passes(checks: ReadonlyMap<string, Check>, values: Settings): boolean {
  return Object.keys(values).every((key) => checks.get(key)?.(values[key]) === true);
}

/** Returns whether a value is the object of a literal or of JSON, without inherited keys. */
function isPlainObject(value: unknown): value is Settings {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Returns whether a value is a string with a length that the complete check accepts. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH;
}

/** Excludes hosts in Punycode, which may be invalid. */
function isPlainUrl(value: unknown): boolean {
  return typeof value === 'string' && PLAIN_URL.test(value) && !value.includes('xn--');
}

/** Also checks hidden and symbol keys, which the complete check reads. */
function isPlainParameters(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  const names = Object.getOwnPropertyNames(value);
  const isPlain = (name: string): boolean => isText(name) && !CHECKED_PARAMETERS.includes(name) && isText(value[name]);
  return names.length <= MAX_ENTRIES && Object.getOwnPropertySymbols(value).length === 0 && names.every(isPlain);
}
