/** An error of the OAuth Problem Reporting extension. */
export class Problem extends Error {
  constructor(
    readonly status: 400 | 401,
    readonly code: string,
    readonly advice: string,
  ) {
    super(code);
  }
}
