import { readdirSync, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describeWhere } from './skips.js';

const DEBIAN = '/usr/lib/postgresql';

/** Returns the path of a program, searched in `PATH` and in Debian's folders of PostgreSQL. */
export function findProgram(name: string): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
  ];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/** A `describe` for tests that start a server. It skips them if the program is not installed, except in CI. */
export function describeWithProgram(name: string): ReturnType<typeof describeWhere> {
  return describeWhere(findProgram(name) !== undefined, `the program ${name}, which is not installed`);
}
