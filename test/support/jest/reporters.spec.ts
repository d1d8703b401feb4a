import { beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const FOLDER = resolve('build/reporters', process.env.JEST_WORKER_ID ?? '0');

const LOGS = `
import { Logger } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { describeWithRedis } from '../../../test/support/engines.js';

function log(who: string): void {
  new Logger('A service').error(\`\${who} wrote to the log of Nest\`);
  console.error(\`\${who} wrote to the console\`);
}
`;

const FILES = {
  'passes.spec.ts': `${LOGS}
it('passes', () => log('a test that passes'));
describeWithRedis('tests with Redis', () => {
  it('is skipped', () => {});
  it('is skipped, too', () => {});
});`,
  'fails.spec.ts': `${LOGS}
it('fails', () => {
  log('a test that fails');
  expect(1).toBe(2);
});`,
};

/** Runs Jest on the files above, with this project's configuration. */
function report(...options: string[]): Promise<string> {
  const { REDIS_URL: _, CI: __, ...env } = process.env;
  const command = ['--experimental-vm-modules', resolve('node_modules/jest/bin/jest.js'), '--roots', FOLDER];
  const cache = ['--cacheDirectory', join(FOLDER, 'cache')];
  return new Promise((done) =>
    execFile(process.execPath, [...command, ...cache, ...options], { env }, (_error, stdout, stderr) =>
      done(stdout + stderr),
    ),
  );
}

describe('the test report', () => {
  let whole: string;

  beforeAll(async () => {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    for (const [name, code] of Object.entries(FILES)) writeFileSync(join(FOLDER, name), code);
    whole = await report();
  }, 60_000);

  it('omits the log of test files that pass', () => {
    expect(whole).toContain('1 failed, 2 skipped, 1 passed, 4 total');
    expect(whole).not.toContain('a test that passes wrote');
  });

  it('prints the log of test files that fail, from Nest and from the console', () => {
    expect(whole).toContain('a test that fails wrote to the log of Nest');
    expect(whole).toContain('a test that fails wrote to the console');
  });

  it('ends with the skipped tests and their reasons', () => {
    const [, end = ''] = whole.split('Ran all test suites');
    expect(end).toContain('SKIPPED: 2 tests: needs a Redis server: set REDIS_URL\n');
  });

  it('does not list tests as skipped that a name filter excludes', async () => {
    const { 1: end = '' } = (await report('-t', 'passes')).split('Ran all test suites');
    expect(end).not.toContain('no reason given');
  }, 60_000);
});
