import { Logger } from '@nestjs/common';

const logged = new Set<string>();
/** Maximum number of remembered warnings. Warnings may contain names of tenants, of which there can be any number. */
const MAX_REMEMBERED = 1_000;

/** Logs a warning once per process. */
export function warnOnce(warning: string): void {
  if (logged.has(warning)) return;
  if (logged.size < MAX_REMEMBERED) logged.add(warning);
  new Logger('OAuthClient').warn(warning);
}
