import { existsSync } from 'node:fs';

/** Says before the tests which of them will be skipped; Jest itself prints nothing of a suite that is. In CI none is. */
export default function sayWhatSkips(): void {
  const { CHROMIUM_PATH = '/usr/bin/chromium', DATABASE_URL, CI } = process.env;
  if (CI !== undefined) return;
  if (!existsSync(CHROMIUM_PATH)) console.warn('SKIPPED: browser tests; they need Chromium, at CHROMIUM_PATH');
  if (DATABASE_URL === undefined) console.warn('SKIPPED: the showcase on a PostgreSQL server; it needs DATABASE_URL');
}
