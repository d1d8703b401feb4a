import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { compileProgram } from '../support/compile.js';

const MINUTES = 60_000;
/** MiB by which the heap may grow, for caches. */
const GROWTH = 80;

const { FUZZ_SEED = String(randomInt(2 ** 31)), FUZZ_CASES: CASES = '2000' } = process.env;

it(
  `survives ${CASES} hostile requests and ${CASES} hostile provider responses (FUZZ_SEED=${FUZZ_SEED})`,
  async () => {
    const program = compileProgram('test/fuzz/main.ts');
    const options = [String(10 * 60), FUZZ_SEED, '--keep-going', '--cases', CASES];
    const child = spawn(process.execPath, [program, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
    const output = await text(child.stdout);
    expect(output).toContain('\nno findings\n');
    expect(output).toMatch(new RegExp(`\n${CASES} requests .*, ${CASES} answers `));
    const [, before, after] = /heap (\d+) MiB at the start, (\d+) MiB at the end/.exec(output) ?? [];
    expect(Number(after) - Number(before)).toBeLessThan(GROWTH);
  },
  10 * MINUTES,
);
