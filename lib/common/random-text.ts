import { randomFillSync } from 'node:crypto';

/** A supply of random bytes: with one system call for each value, an OAuth 1 signature takes twice as long (bench `oauth1-sign`). */
const pool = Buffer.alloc(4096);
let used = pool.length;

/** Returns random bytes as text. The default is 256 bits as 43 characters, for a state, a nonce or a code verifier (RFC 7636 §4.1). */
export function randomText(bytes = 32, encoding: 'base64url' | 'hex' = 'base64url'): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const end = used + bytes;
  const text = pool.toString(encoding, used, end);
  pool.fill(0, used, end);
  used = end;
  return text;
}
