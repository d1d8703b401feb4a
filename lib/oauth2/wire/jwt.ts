import { parseJsonObject } from './json.js';
import { RefusedInput } from './refused-input.js';

/** Maximum length of a JWT, in characters. */
const MAX_LENGTH = 64 * 1024;
const BASE64URL = /^[A-Za-z0-9_-]*$/;

/**
 * Checks the format of a JWT from outside before a library reads it: its length, its parts, and that its header and its claims are
 * JSON objects that are not nested too deeply. The claims of an encrypted JWT are checked after its decryption.
 * @throws {RefusedInput} when the format is not valid
 */
export function checkJwt(jwt: string): void {
  if (isEncrypted(jwt)) {
    checkLength(jwt);
    readPart(jwt.split('.', 1)[0], 'its header is');
  } else {
    checkSignedJwt(jwt);
  }
}

/**
 * Checks the format of a JWT that must not be encrypted, such as a decrypted JWT, which is not decrypted twice.
 * @throws {RefusedInput} when the format is not valid
 */
export function checkSignedJwt(jwt: string): void {
  checkLength(jwt);
  const [header, claims, signature, ...more] = jwt.split('.', 5);
  if (more.length > 0 || signature === undefined || !BASE64URL.test(signature)) {
    throw new RefusedInput('it is not a signed JWT, expected three parts in base64url');
  }
  readPart(header, 'its header is');
  readPart(claims, 'its claims are');
}

/** Returns whether a JWT has the five parts of an encrypted JWT (RFC 7516 §3.1). */
export function isEncrypted(jwt: string): boolean {
  return jwt.split('.', 6).length === 5;
}

function checkLength(jwt: string): void {
  if (jwt.length > MAX_LENGTH) throw new RefusedInput(`it is longer than ${MAX_LENGTH} characters`);
}

function readPart(part = '', what: string): void {
  const value = BASE64URL.test(part) ? parseJsonObject(Buffer.from(part, 'base64url').toString()) : undefined;
  if (!value) throw new RefusedInput(`${what} not a JSON object in base64url`);
}
