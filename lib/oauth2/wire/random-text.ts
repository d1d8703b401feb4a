import { randomFillSync } from 'node:crypto';

const BYTES = 32;
/** A supply of random bytes: one system call for each string would take longer than the rest of a login. */
const pool = Buffer.alloc(128 * BYTES);
let used = pool.length;

/** Returns 256 random bits as 43 characters of base64url, for a state, a nonce or a code verifier (RFC 7636 §4.1). */
export function randomText(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const text = pool.toString('base64url', used, used + BYTES);
  pool.fill(0, used, used + BYTES);
  used += BYTES;
  return text;
}
