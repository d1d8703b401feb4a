import { readdirSync, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const DEBIAN = '/usr/lib/postgresql';

/** Where a program of the system is, if it is: on the path, or where Debian hides those of PostgreSQL. */
export function findProgram(name: string): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
  ];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/** For tests that start a server of their own: skipped where its program is not installed, but never in CI. */
export function hasProgram(name: string): boolean {
  const isHere = findProgram(name) !== undefined || process.env.CI !== undefined;
  if (!isHere) console.warn(`SKIPPED: tests with a server of their own; they need its program, ${name}`);
  return isHere;
}
