import { clamp } from '../common/limits.js';

/** Ten years, in seconds. A longer lifetime is not intended by any provider, and may not fit into a database column. */
const MAX_LIFETIME_S = 315_360_000;

/** The number of seconds, milliseconds, microseconds and nanoseconds in a second. */
const PER_SECOND = [1, 1e3, 1e6, 1e9];
/** The year 5138, in seconds since 1970. A greater number is in a smaller unit: in milliseconds, it is in the year 1973. */
const LATEST_SECOND = 1e11;
/** The last second of the year 9999, which some providers send for "never". */
const NEVER = 253_402_300_799;

const NUMBER = /^\s*[+-]?\d+(\.\d+)?(e[+-]?\d+)?\s*$/i;
/** ISO 8601, also in the variants of databases: a date, or a date and a time, with or without an offset from UTC. */
const ISO_DATE =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:[.,](\d{1,9}))? ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$/i;
/** An HTTP date (RFC 9110 §5.6.7), also with an offset from UTC, as in mail (RFC 5322 §3.3). */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (GMT|UTC|[+-]\d{4})$/;

/** When a token expires, in whole seconds. An unknown field is absent. */
export interface Expiry {
  /** Seconds since 1970. */
  expiresAt?: number;
  /** Lifetime of the token, in seconds. */
  expiresIn?: number;
}

/** The expiry fields of a token, before they are read. */
interface ExpiryFields {
  expiresAt: unknown;
  expiresIn: unknown;
}

/**
 * Returns the expiry in a provider's response. Uses `expires_in`, because it does not depend on the provider's clock, and
 * falls back to `expires_at`. Ignores a lifetime that is not positive.
 */
export function expiryOfResponse({ expiresAt, expiresIn }: ExpiryFields, now = Date.now()): Expiry {
  const seconds = Math.floor(now / 1000);
  const lifetime = isPositive(expiresIn) ? readLifetime(expiresIn, now) : undefined;
  if (lifetime !== undefined) return { expiresAt: seconds + lifetime, expiresIn: lifetime };
  const instant = (isNever(expiresAt) ? undefined : readInstant(expiresAt)) ?? futureInstant(expiresIn, now);
  return instant === undefined ? {} : { expiresAt: clamp(instant, 0, seconds + MAX_LIFETIME_S, 0) };
}

/** Returns the expiry of a stored token. Uses `expiresAt`: a stored duration would restart on every read. */
export function expiryOfStored({ expiresAt, expiresIn }: ExpiryFields, now = Date.now()): Expiry {
  const lifetime = readLifetime(expiresIn, now);
  const end = lifetime === undefined ? futureInstant(expiresIn, now) : Math.floor(now / 1000) + lifetime;
  const instant = readInstant(expiresAt) ?? end;
  return {
    ...(instant !== undefined && { expiresAt: instant }),
    ...(lifetime !== undefined && { expiresIn: lifetime }),
  };
}

/**
 * Returns a point in time, in whole seconds since 1970. Reads a number of seconds, milliseconds, microseconds or nanoseconds,
 * also as a string; an ISO 8601 date, by default in UTC; an HTTP date; and a `Date`. Returns undefined for any other value.
 */
export function readInstant(value: unknown): number | undefined {
  const date = value instanceof Date ? value.getTime() : dateOf(value);
  if (date !== undefined) return Number.isNaN(date) ? undefined : Math.max(0, Math.floor(date / 1000));
  const number = numberOf(value);
  if (number === undefined) return undefined;
  const unit = PER_SECOND.find((perSecond) => number / perSecond < LATEST_SECOND) ?? 1;
  return clamp(Math.floor(number / unit), 0, Number.MAX_SAFE_INTEGER, 0);
}

/** Returns a lifetime in seconds, at most ten years. Returns undefined if the value is a point in time or not a number. */
export function readLifetime(value: unknown, now = Date.now()): number | undefined {
  const number = numberOf(value);
  if (number === undefined || futureInstant(value, now) !== undefined) return undefined;
  return Math.floor(clamp(number, 0, MAX_LIFETIME_S, 0));
}

/**
 * Returns the point in time that some providers send in a field for a duration: a date, or a number that is too great for a
 * duration. Returns undefined if the point in time is not within the next ten years.
 */
function futureInstant(value: unknown, now: number): number | undefined {
  if ((numberOf(value) ?? Infinity) <= MAX_LIFETIME_S) return undefined;
  const instant = readInstant(value);
  const isNear = instant !== undefined && instant > now / 1000 && instant <= now / 1000 + MAX_LIFETIME_S;
  return isNear ? instant : undefined;
}

/** Returns whether an `expires_at` means "never": 0, a date before 1970 such as the year 1 (Go, .NET), or the end of 9999. */
function isNever(value: unknown): boolean {
  const number = numberOf(value);
  return number === undefined ? readInstant(value) === 0 : number === 0 || number === NEVER;
}

function isPositive(value: unknown): boolean {
  return (numberOf(value) ?? 0) > 0;
}

/** Returns a finite number, or undefined. Reads a `BigInt` too, which Prisma and MikroORM return for a `bigint` column. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'string' && !NUMBER.test(value)) return undefined;
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** Returns milliseconds since 1970, NaN for a date that does not exist, or undefined if the value is not a date. */
function dateOf(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (HTTP_DATE.test(text)) return Date.parse(text);
  const [, day, time, seconds = ':00', fraction = '0', zone = 'Z'] = ISO_DATE.exec(text) ?? [];
  if (day === undefined) return undefined;
  if (time === undefined) return Date.parse(day);
  const offset = /^[+-]\d{2}$/.test(zone) ? `${zone}:00` : zone.replace(/^(UTC|GMT|Z)$/i, 'Z');
  return Date.parse(`${day}T${time}${seconds}.${fraction.slice(0, 3)}${offset.replace(/(\d{2})(\d{2})$/, '$1:$2')}`);
}
