import { isRecord } from '../../config/is-record.js';
import { isShallow, MAX_DEPTH } from '../../common/limits.js';

/** Maximum number of claims of a user. */
const MAX_CLAIMS = 500;
/** The last second that a JavaScript `Date` supports. */
const LAST_SECOND = 8.64e12;
/** An ISO 8601 date, or a date and a time, as Auth0 sends in `updated_at`. */
const ISO_DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

type Claims = Record<string, unknown>;
type Read = (value: unknown) => unknown;

/** Readers of claims with a specified type (OpenID Connect Core §2 and §5.1). An invalid value becomes undefined. */
const READERS = new Map<string, Read>([
  ...named(booleanOf, 'email_verified', 'phone_number_verified'),
  ...named(secondsOf, 'auth_time', 'iat', 'exp', 'nbf'),
  ...named(dateOf, 'updated_at'),
  ...named(stringOf, 'sub', 'iss', 'jti', 'azp', 'sid', 'acr', 'at_hash', 'c_hash', 's_hash'),
  ...named(stringOf, 'name', 'given_name', 'family_name', 'middle_name', 'nickname', 'preferred_username'),
  ...named(lineOf, 'email', 'gender', 'birthdate', 'zoneinfo', 'locale'),
  ...named(linkOf, 'profile', 'picture', 'website'),
  ...named(stringOf, 'phone_number'),
  ...named(objectOf, 'address'),
  ...named(stringsOf, 'amr'),
]);

/**
 * Returns the claims of an id_token or of userinfo. A claim with a specified type is converted to that type, and omitted if this is
 * not possible. Other claims are unchanged, and omitted if they are nested too deeply.
 */
export function readClaims<Checked extends object>(claims: Checked): Checked {
  const read = Object.entries(claims)
    .filter(([name]) => name !== '__proto__') // it would become the prototype of the object that it is copied to
    .slice(0, MAX_CLAIMS)
    .map(([name, value]): [string, unknown] => [name, (READERS.get(name) ?? customOf)(value)]);
  return Object.fromEntries(read.filter(([, value]) => value !== undefined)) as Checked;
}

/**
 * Merges the claims of userinfo and of the id_token. The claims of the id_token take precedence. `email_verified` and
 * `phone_number_verified` come from the source of the email or the phone number.
 */
export function mergeClaims<UserInfo extends Claims>(userInfo: UserInfo, idToken: Claims = {}): UserInfo {
  const merged = { ...userInfo, ...idToken };
  for (const name of ['email', 'phone_number']) {
    const verified = `${name}_verified`;
    if (idToken[name] === undefined || idToken[name] === userInfo[name] || verified in idToken) continue;
    Reflect.deleteProperty(merged, verified);
  }
  return merged;
}

function named(read: Read, ...names: string[]): [string, Read][] {
  return names.map((name) => [name, read]);
}

/** Reads a boolean, which Cognito and Apple send as a string. */
function booleanOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.toLowerCase() : undefined;
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

function secondsOf(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,13}(\.\d{1,9})?$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && seconds >= 0 && seconds <= LAST_SECOND ? seconds : undefined;
}

function dateOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !ISO_DATE.test(value)) return secondsOf(value);
  return secondsOf(Math.floor(Date.parse(value) / 1000));
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Refuses control characters: a line break in an email address would add a header to a mail. */
function lineOf(value: unknown): string | undefined {
  return typeof value === 'string' && !/\p{Cc}/u.test(value) ? value : undefined;
}

/** Refuses a URL with a scheme other than http and https: applications link to it, and it may be a script. */
function linkOf(value: unknown): string | undefined {
  const link = lineOf(value);
  if (link === undefined || !URL.canParse(link)) return link; // not a URL, such as "www.example.com"
  return /^https?:/.test(new URL(link).protocol) ? link : undefined;
}

function stringsOf(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string').slice(0, MAX_CLAIMS) : undefined;
}

function objectOf(value: unknown): object | undefined {
  return isRecord(value) ? (customOf(value) as object | undefined) : undefined;
}

function customOf(value: unknown): unknown {
  return isShallow(value, MAX_DEPTH) ? value : undefined;
}
