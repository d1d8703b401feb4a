import { randomUUID } from 'node:crypto';

/** What makes a request unlike any other, so that nobody can replay it (RFC 5849 §3.3). */
export interface RequestStamp {
  /** Unreserved characters alone. */
  nonce: string;
  /** Seconds since 1970. */
  timestamp: string;
}

/** A stamp of this second, with 122 random bits in its nonce. */
export function newStamp(): RequestStamp {
  return { nonce: randomUUID(), timestamp: String(Math.floor(Date.now() / 1000)) };
}
