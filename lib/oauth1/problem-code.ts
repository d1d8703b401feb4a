/** Whether a provider's `oauth_problem` has the look of a code (OAuth Problem Reporting), and may stand in an error. */
export function isProblemCode(problem: string): boolean {
  return /^[a-z0-9_]{1,64}$/.test(problem);
}
