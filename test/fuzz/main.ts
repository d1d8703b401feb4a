import './production.js';
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { reportOf } from './findings.js';
import { fuzz } from './runner.js';

const { values, positionals } = parseArgs({
  options: { 'keep-going': { type: 'boolean' }, only: { type: 'string' } },
  allowPositionals: true,
});
const [seconds = '60', seedText] = positionals;
const seed = seedText === undefined ? randomInt(2 ** 31) : Number(seedText);
const [target = '', index] = values.only?.split(':') ?? [];
if (
  !Number.isInteger(seed) ||
  !(Number(seconds) > 0) ||
  (values.only !== undefined && !Number.isInteger(Number(index)))
) {
  throw new Error('usage: npm run fuzz -- SECONDS SEED [--keep-going] [--only requests:INDEX | --only answers:INDEX]');
}

console.log(`seed ${seed}, ${seconds} s`);
const only = values.only === undefined ? undefined : { target, index: Number(index) };
const {
  findings,
  ran,
  seconds: took,
  heap,
} = await fuzz({
  seed,
  seconds: Number(seconds),
  keepGoing: values['keep-going'],
  only,
});
console.log(reportOf(findings, seed));
const rate = Object.entries(ran).map(([name, count]) => `${count} ${name} (${Math.round(count / took)}/s)`);
console.log(`${rate.join(', ')} in ${Math.round(took)} s; heap ${heap[0]} MiB at the start, ${heap[1]} MiB at the end`);
process.exitCode = findings.length > 0 ? 1 : 0;
