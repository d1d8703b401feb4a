/** Returns the current time in whole seconds since 1970, the unit of JWTs and expiry times. */
export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
