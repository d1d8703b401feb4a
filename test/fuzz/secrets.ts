export const CLIENT_ID = 'fuzzed';

/** Values that must not appear in an error, a log line or a response to a browser. */
export const SECRETS = {
  client: 's3cretClient8f2c51',
  code: 's3cretCode41aa07',
  access: 's3cretAccess90be13',
  refresh: 's3cretRefresh77d0c2',
  tokenSecret: 's3cretTokenSecret5521',
  device: 's3cretDeviceCode0b3e',
  registration: 's3cretRegistrationC80f',
  cookie: 's3cretCookieKeyOfAtLeast32Bytes00',
  encryptionKey: Buffer.from('s3cret-encryption-key-32-bytes!!').toString('base64'),
} as const;

/** An internal detail of the provider. It may appear in errors and logs, but not in a response to a browser. */
export const MARKER = 'pr0vider-db01.internal';

/** A JWT with three parts. A JWE has five parts, and the library's cookies are JWEs. */
const JWT = /eyJ[\w-]{16,}\.[\w-]{8,}\.[\w-]{16,}(?![\w-]*\.)/;

/** The client secret as `client_secret_basic` encodes it. */
const BASIC = btoa(`${CLIENT_ID}:${SECRETS.client}`);

/** Returns the name of the first secret in a string. `more` contains secrets of this case, such as a PKCE verifier. */
export function secretIn(text: string, more: readonly string[] = []): string | undefined {
  for (const [name, secret] of Object.entries(SECRETS)) if (text.includes(secret)) return name;
  if (more.some((secret) => text.includes(secret))) return 'code verifier';
  if (text.includes(BASIC)) return 'client';
  return JWT.test(text) ? 'JWT' : undefined;
}
