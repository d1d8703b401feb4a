/** Returns the time in whole seconds since 1970, as JWTs and expiry times count it. */
export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
