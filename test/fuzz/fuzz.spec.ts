import './production.js';
import { expect, it } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { reportOf, summaryOf } from './findings.js';
import { fuzz } from './runner.js';

const CASES = 10_000;
const MINUTES = 60_000;
/** MiB by which the heap may grow: caches that are filled once, and the compiled code of Jest's coverage. */
const GROWTH = 150;

const { FUZZ_SEED } = process.env;
const seed = FUZZ_SEED === undefined ? randomInt(2 ** 31) : Number(FUZZ_SEED);

// Jest itself fails the test on an unhandled rejection or an uncaught exception
it(
  `survives ${CASES} hostile requests and ${CASES} hostile provider answers (FUZZ_SEED=${seed})`,
  async () => {
    const result = await fuzz({ seed, cases: CASES, keepGoing: true });
    const { findings, ran, heap } = result;
    console.log(`seed ${seed}: ${summaryOf(result)}`);
    if (findings.length > 0) throw new Error(reportOf(findings, seed));
    expect(ran).toEqual({ requests: CASES, answers: CASES });
    expect(heap[1] - heap[0]).toBeLessThan(GROWTH);
  },
  10 * MINUTES,
);
