/** The data about a user that every provider has. */
export interface Profile {
  /** The provider's identifier of the user. */
  subject: string;
  name: string;
}

/** Reads a profile from claims, or from a response of the provider's API. */
export function readProfile(claims: Record<string, unknown>): Profile {
  const subject = claims.sub ?? claims.id ?? claims.user_id;
  if (typeof subject !== 'string' && typeof subject !== 'number') {
    throw new TypeError(`the profile has no sub, id or user_id; found: ${Object.keys(claims).join(', ')}`);
  }
  const name = [claims.name, claims.login, claims.screen_name].find((text) => typeof text === 'string' && text !== '');
  return { subject: String(subject), name: typeof name === 'string' ? name : 'Somebody' };
}
