import { Logger } from '@nestjs/common';

const given = new Set<string>();
/** How many warnings are remembered, since they may hold names of tenants. */
const REMEMBERED = 1_000;

/** Logs a warning, once in the life of the process. */
export function warnOnce(warning: string): void {
  if (given.has(warning)) return;
  if (given.size < REMEMBERED) given.add(warning);
  new Logger('OAuthClient').warn(warning);
}
