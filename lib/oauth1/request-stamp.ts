import { randomText } from '../common/random-text.js';

/** The nonce and the timestamp of a request, which prevent replay (RFC 5849 §3.3). */
export interface RequestStamp {
  /** 30 letters and digits, because some servers accept only 20 to 30 letters and digits. */
  nonce: string;
  /** Seconds since 1970. */
  timestamp: string;
}

/** Returns a stamp with the current time and a nonce of 120 random bits. */
export function newStamp(): RequestStamp {
  return { nonce: randomText(15, 'hex'), timestamp: String(Math.floor(Date.now() / 1000)) };
}
