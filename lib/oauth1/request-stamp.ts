import { randomBytes } from 'node:crypto';

/** What makes a request unlike any other, so that nobody can replay it (RFC 5849 §3.3). */
export interface RequestStamp {
  /** 30 letters and digits: some servers accept 20 to 30 of them, and nothing else. */
  nonce: string;
  /** Seconds since 1970. */
  timestamp: string;
}

/** Returns a stamp of this second, with 120 random bits in its nonce. */
export function newStamp(): RequestStamp {
  return { nonce: randomBytes(15).toString('hex'), timestamp: String(Math.floor(Date.now() / 1000)) };
}
