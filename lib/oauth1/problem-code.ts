/** Returns whether a provider's `oauth_problem` has the format of a code (OAuth Problem Reporting), and may be an error code. */
export function isProblemCode(problem: string): boolean {
  return /^[a-z0-9_]{1,64}$/.test(problem);
}
