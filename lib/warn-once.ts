import { Logger } from '@nestjs/common';

const given = new Set<string>();

/** Logs a warning, once in the life of the process. */
export function warnOnce(warning: string): void {
  if (given.has(warning)) return;
  given.add(warning);
  new Logger('OAuthClient').warn(warning);
}
