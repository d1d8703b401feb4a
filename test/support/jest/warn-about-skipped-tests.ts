import { existsSync } from 'node:fs';

/** Prints before the run which tests will be skipped. Jest does not list a skipped suite. In CI no test is skipped. */
export default function warnAboutSkippedTests(): void {
  const { CHROMIUM_PATH = '/usr/bin/chromium', DATABASE_URL, REDIS_URL, CI } = process.env;
  if (CI !== undefined) return;
  if (!existsSync(CHROMIUM_PATH)) console.warn('SKIPPED: browser tests. They need Chromium at CHROMIUM_PATH');
  if (DATABASE_URL === undefined) console.warn('SKIPPED: PostgreSQL tests. They need a server at DATABASE_URL');
  if (REDIS_URL === undefined) console.warn('SKIPPED: Redis tests. They need a server at REDIS_URL');
}
