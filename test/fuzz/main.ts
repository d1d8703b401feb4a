import './production.js';
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { reportOf, summaryOf } from './findings.js';
import { fuzz } from './runner.js';

const { values, positionals } = parseArgs({
  options: { 'keep-going': { type: 'boolean' }, only: { type: 'string' }, cases: { type: 'string' } },
  allowPositionals: true,
});
const cases = values.cases === undefined ? undefined : Number(values.cases);
const [seconds = '60', seedText] = positionals;
const seed = seedText === undefined ? randomInt(2 ** 31) : Number(seedText);
const isCount = cases === undefined || Number.isInteger(cases);
const isCase = values.only === undefined || /^(requests|answers):\d+$/.test(values.only);
if (!Number.isInteger(seed) || !(Number(seconds) > 0) || !isCount || !isCase) {
  throw new Error(
    'usage: npm run fuzz -- SECONDS SEED [--keep-going] [--cases COUNT] [--only requests:INDEX | --only answers:INDEX]',
  );
}

console.log(`seed ${seed}, ${seconds} s`);
const [target = '', index] = values.only?.split(':') ?? [];
const only = values.only === undefined ? undefined : { target, index: Number(index) };
const result = await fuzz({ seed, seconds: Number(seconds), cases, keepGoing: values['keep-going'], only });
console.log(reportOf(result.findings, seed));
console.log(summaryOf(result));
process.exitCode = result.findings.length > 0 ? 1 : 0;
