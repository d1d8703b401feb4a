import type { ClaimSource, ProfileClaims } from '../config/profile-settings.js';
import type { UserInfo } from '../oauth2/openid/user-info.js';
import { subjectOf, typedClaims, withoutLoneVerification } from './checked-claims.js';
import { findClaim, type FoundValue } from './claim-sources.js';
import type { ProfileData } from './profile-data.js';

/**
 * Returns the claims that the settings declare, and the claims of the id_token that have no source in the settings. `email_verified` is kept only if it is about the email: a provider may have verified the email of the id_token, but not
 * the email of another response.
 * @throws {UnusableProfile} when `sub` does not identify a user
 */
export function declaredClaims(sources: ProfileClaims, data: ProfileData, idToken?: UserInfo): UserInfo {
  const declarations: [name: string, source: ClaimSource][] = Object.entries(sources);
  const found = new Map(declarations.map(([name, source]) => [name, findClaim(source, data)]));
  const declared = typedClaims(Object.fromEntries([...found].map(([name, { value }]) => [name, value])));
  const kept = Object.entries(idToken ?? {}).filter(([name]) => !found.has(name));
  const { email_verified: isVerified, ...claims }: Partial<UserInfo> = { ...Object.fromEntries(kept), ...declared };
  const isAboutEmail = found.has('email_verified')
    ? isSameSource(found.get('email_verified'), found.get('email'))
    : claims.email === idToken?.email;
  const subject = found.get('sub');
  return {
    ...withoutLoneVerification(isAboutEmail ? { ...claims, email_verified: isVerified } : claims),
    sub: subject || !idToken ? subjectOf(subject?.value) : idToken.sub,
  };
}

/** Returns whether a value comes from a response from which the email comes too. A constant is about every email. */
function isSameSource(verified?: FoundValue, email: FoundValue = EMAIL_OF_ID_TOKEN): boolean {
  const sources = verified?.sources ?? [];
  return sources.length === 0 || sources.some((source) => email.sources.includes(source));
}

/** The email if the settings declare no source for it. */
const EMAIL_OF_ID_TOKEN: FoundValue = { value: undefined, sources: ['id_token'] };
