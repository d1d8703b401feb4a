/** What every provider tells of its user, each in its own words. */
export interface Profile {
  /** The provider's identifier of the user. */
  subject: string;
  name: string;
}

/** Reads a profile from claims, or from what the provider's API answers. */
export function readProfile(claims: Record<string, unknown>): Profile {
  const subject = claims.sub ?? claims.id ?? claims.user_id;
  if (typeof subject !== 'string' && typeof subject !== 'number') {
    throw new TypeError(`no sub, id or user_id among ${Object.keys(claims).join(', ')}`);
  }
  const name = [claims.name, claims.login, claims.screen_name].find((text) => typeof text === 'string' && text !== '');
  return { subject: String(subject), name: typeof name === 'string' ? name : 'Somebody' };
}
