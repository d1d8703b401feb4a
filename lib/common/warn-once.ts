import { Logger } from '@nestjs/common';
import { BoundedMap } from './bounded-map.js';

/** Maximum number of remembered warnings. Warnings may contain names of tenants, of which there can be any number. */
const MAX_REMEMBERED = 1_000;
const logged = new BoundedMap<true>(MAX_REMEMBERED);

/** Logs a warning once per process, unless there were 1,000 other warnings since. */
export function warnOnce(warning: string): void {
  if (logged.get(warning)) return;
  logged.set(warning, true);
  new Logger('OAuthClient').warn(warning);
}
