import './production.js';
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { reportOf, summaryOf } from './findings.js';
import { fuzz } from './runner.js';

const { values, positionals } = parseArgs({
  options: { 'keep-going': { type: 'boolean' }, only: { type: 'string' } },
  allowPositionals: true,
});
const [seconds = '60', seedText] = positionals;
const seed = seedText === undefined ? randomInt(2 ** 31) : Number(seedText);
const isCase = values.only === undefined || /^(requests|answers):\d+$/.test(values.only);
if (!Number.isInteger(seed) || !(Number(seconds) > 0) || !isCase) {
  throw new Error('usage: npm run fuzz -- SECONDS SEED [--keep-going] [--only requests:INDEX | --only answers:INDEX]');
}

console.log(`seed ${seed}, ${seconds} s`);
const [target = '', index] = values.only?.split(':') ?? [];
const only = values.only === undefined ? undefined : { target, index: Number(index) };
const result = await fuzz({ seed, seconds: Number(seconds), keepGoing: values['keep-going'], only });
console.log(reportOf(result.findings, seed));
console.log(summaryOf(result));
process.exitCode = result.findings.length > 0 ? 1 : 0;
