import type { UserInfo } from '../oauth2/openid/user-info.js';
import { readClaims } from '../oauth2/wire/claims.js';
import { isStorable } from '../token/storable-text.js';
import { textOf } from './claim-sources.js';
import { UnusableProfile } from './unusable-profile.js';

const TEXT_CLAIMS = ['name', 'given_name', 'family_name', 'preferred_username', 'email', 'picture', 'locale'];
/** Maximum length of `sub`, in characters (OpenID Connect Core §2). */
const MAX_SUB_LENGTH = 255;
/** Values that APIs send for "no user". Users without an identifier must not share one. */
const NO_USER = ['0', '-1', 'null', 'undefined', 'NaN'];

/**
 * Returns claims with their types, without `sub`: numbers become strings, and a claim that cannot be converted is omitted. Pictures
 * have http or https URLs.
 */
export function typedClaims({ sub: _, ...found }: Readonly<Record<string, unknown>>): Partial<UserInfo> {
  const typed = Object.entries(found).map(([name, value]): [string, unknown] => [
    name,
    TEXT_CLAIMS.includes(name) ? textOf(value) : value,
  ]);
  const { picture, ...claims } = readClaims<Partial<UserInfo>>(Object.fromEntries(typed));
  return picture !== undefined && isWebUrl(picture) ? { ...claims, picture } : claims;
}

/** Returns the claims, without `email_verified` if there is no `email`. */
export function withoutLoneVerification<Claims extends Partial<UserInfo>>({
  email_verified: isVerified,
  ...claims
}: Claims): Omit<Claims, 'email_verified'> & Pick<Partial<UserInfo>, 'email_verified'> {
  return claims.email === undefined || isVerified === undefined ? claims : { ...claims, email_verified: isVerified };
}

/**
 * Returns the identifier of a user. An integer becomes its decimal digits.
 * @throws {UnusableProfile} when the value is missing, has another type, or was rounded
 */
export function subjectOf(value: unknown): string {
  const isExact = typeof value === 'string' || typeof value === 'bigint' || Number.isSafeInteger(value);
  const subject = isExact ? textOf(value) : undefined;
  if (subject !== undefined && isIdentifier(subject)) return subject;
  throw new UnusableProfile(
    'it has no usable sub; expected a string of at most 255 characters, or an integer up to 2^53, that identifies the user',
  );
}

function isIdentifier(subject: string): boolean {
  const isText = subject.trim() !== '' && subject.length <= MAX_SUB_LENGTH && isStorable(subject);
  return isText && !/\p{Cc}/u.test(subject) && !NO_USER.includes(subject);
}

function isWebUrl(picture: string): boolean {
  return /^https?:\/\//i.test(picture) && URL.canParse(picture);
}
