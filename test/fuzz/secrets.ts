/** Values that must never leave the process in an error, a log line or an answer to a browser. */
export const SECRETS = {
  client: 's3cret-client-8f2c51',
  code: 's3cret-code-41aa07',
  access: 's3cret-access-90be13',
  refresh: 's3cret-refresh-77d0c2',
  tokenSecret: 's3cret-token-secret-5521',
  device: 's3cret-device-code-0b3e',
  registration: 's3cret-registration-c80f',
  cookie: 's3cret-cookie-key-of-at-least-32-bytes',
  encryptionKey: Buffer.from('s3cret-encryption-key-32-bytes!!').toString('base64'),
} as const;

/** A provider's internal detail. Errors and logs may have it, an answer to a browser may not. */
export const MARKER = 'pr0vider-db01.internal';

/** Three parts; a JWE has five, and the library's own cookies are such. */
const JWT = /eyJ[\w-]{16,}\.[\w-]{8,}\.[\w-]{16,}(?![\w-]*\.)/;

/** Returns the name of the first secret in a string, or nothing. `more` are secrets of this case, such as a PKCE verifier. */
export function secretIn(text: string, more: readonly string[] = []): string | undefined {
  for (const [name, secret] of Object.entries(SECRETS)) if (text.includes(secret)) return name;
  if (more.some((secret) => text.includes(secret))) return 'code verifier';
  return JWT.test(text) ? 'JWT' : undefined;
}
