import { isRecord } from '../../config/is-record.js';
import { isShallow, MAX_DEPTH } from '../../common/limits.js';

/** The most claims of one user. */
const MAX_CLAIMS = 500;
/** The last second that a JavaScript date can have. */
const LAST_SECOND = 8.64e12;
/** A date and a time, or a date alone (ISO 8601), as Auth0 has it in `updated_at`. */
const ISO_DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

type Claims = Record<string, unknown>;
type Read = (value: unknown) => unknown;

/** How the claims that have a type (OpenID Connect Core §2 and §5.1) are read; what cannot be read becomes undefined. */
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
 * Reads the claims about a user, whichever way they came: a claim that has a type by the specification is converted to it,
 * and left out when it cannot be. Other claims stay as they are, unless they are nested too deeply.
 */
export function readClaims<Checked extends object>(claims: Checked): Checked {
  const read = Object.entries(claims)
    .filter(([name]) => name !== '__proto__') // copied into another object, it would become that object's prototype
    .slice(0, MAX_CLAIMS)
    .map(([name, value]): [string, unknown] => [name, (READERS.get(name) ?? customOf)(value)]);
  return Object.fromEntries(read.filter(([, value]) => value !== undefined)) as Checked;
}

/**
 * Puts the claims of userinfo and of the id_token together. Those of the id_token win, and whether an address or a phone
 * number is verified is said by the same side that names it.
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

/** Cognito and Apple send these as strings. */
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

/** An address with a line break in it would be a second header of the mail to it. */
function lineOf(value: unknown): string | undefined {
  return typeof value === 'string' && !/\p{Cc}/u.test(value) ? value : undefined;
}

/** A page of the user: an application makes a link of it, and one of another scheme may be a script. */
function linkOf(value: unknown): string | undefined {
  const link = lineOf(value);
  if (link === undefined || !URL.canParse(link)) return link; // such as "www.example.com"
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
