import { existsSync } from 'node:fs';

/** Says before the tests which of them will be skipped; Jest itself prints nothing of a suite that is. In CI none is. */
export default function sayWhatSkips(): void {
  const { CHROMIUM_PATH = '/usr/bin/chromium', DATABASE_URL, REDIS_URL, CI } = process.env;
  if (CI !== undefined) return;
  if (!existsSync(CHROMIUM_PATH)) console.warn('SKIPPED: browser tests; they need Chromium, at CHROMIUM_PATH');
  if (DATABASE_URL === undefined) console.warn('SKIPPED: what needs a PostgreSQL server, at DATABASE_URL');
  if (REDIS_URL === undefined) console.warn('SKIPPED: what needs a Redis server, at REDIS_URL');
}
