import { beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { compileProgram } from '../support/compile.js';
import { freePort } from '../support/free-port.js';

const JSON_FILE = resolve('build/bench-without-servers.json');
const FIGURES = ['api-call-redis-store', 'refresh-storm-redis', 'refresh-storm-postgres'];

let main: string;

beforeAll(() => {
  main = compileProgram('bench/main.ts');
  rmSync(JSON_FILE, { force: true });
}, 60_000);

function runBench(
  servers: Record<string, string>,
  args: readonly string[] = ['--json', JSON_FILE, ...FIGURES],
): Promise<{ failed: boolean; output: string }> {
  const { PATH } = process.env;
  const command = ['--expose-gc', main, ...args];
  return new Promise((done) =>
    execFile(process.execPath, command, { env: { PATH, ...servers } }, (error, stdout, stderr) =>
      done({ failed: error !== null, output: stdout + stderr }),
    ),
  );
}

it('the bench skips benchmarks whose server is not configured, reports them, and writes its JSON', async () => {
  const { failed, output } = await runBench({});
  expect(output).toContain('SKIPPED: api-call-redis-store: REDIS_URL is not set\n');
  expect(output).toContain('SKIPPED: refresh-storm-postgres: DATABASE_URL is not set\n');
  expect([failed, JSON.parse(readFileSync(JSON_FILE, 'utf8'))]).toEqual([false, []]);
}, 60_000);

it('the bench skips benchmarks whose server does not respond', async () => {
  const port = await freePort();
  const { failed, output } = await runBench({
    REDIS_URL: `redis://127.0.0.1:${port}`,
    DATABASE_URL: `postgres://postgres@127.0.0.1:${port}/test`,
  });
  expect(output).toContain('SKIPPED: refresh-storm-redis: the server of REDIS_URL does not answer (ECONNREFUSED)\n');
  expect(output).toContain(
    'SKIPPED: refresh-storm-postgres: the server of DATABASE_URL does not answer (ECONNREFUSED)',
  );
  expect(failed).toBe(false);
}, 60_000);

it('the bench prints a figure with its CPU time, and writes it as JSON', async () => {
  const { failed, output } = await runBench({}, ['--json', JSON_FILE, 'oauth1-sign']);
  expect(output).toMatch(/^oauth1-sign +[\d,.]+ +[\d,.]+ +\d+\.\d\d +>= 4 /m);
  const [result] = JSON.parse(readFileSync(JSON_FILE, 'utf8')) as [Record<string, { ours: number }>];
  expect(Object.keys(result)).toEqual(['name', 'ours', 'peer', 'ratio', 'goal', 'unit', 'cpu', 'gc']);
  expect([failed, result.cpu!.ours > 0]).toEqual([false, true]);
}, 60_000);

it('the bench profiles a figure, and prints the heaviest causes', async () => {
  const { failed, output } = await runBench({}, ['--profile', 'oauth1-sign']);
  expect(output).toMatch(/^ +\d+\.\d % {2}CPU time {2}\S+oauth1\/base-string\.js$/m);
  expect(output).toMatch(/^ +\d+\.\d % {2}allocated {2}/m);
  const profile = JSON.parse(readFileSync('build/profiles/oauth1-sign.cpuprofile', 'utf8')) as { nodes: unknown[] };
  expect([failed, profile.nodes.length > 10]).toEqual([false, true]);
}, 60_000);

it('the bench refuses an unknown figure, and lists the figures', async () => {
  const { failed, output } = await runBench({}, ['oauth1-sing']);
  expect(output).toContain('no figure oauth1-sing; there are oauth1-sign, ');
  expect(failed).toBe(true);
}, 60_000);
