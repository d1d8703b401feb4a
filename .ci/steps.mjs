// Steps that run side by side. One that fails is counted, and the others go on.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One line for each step, `passed:TITLE` or `failed:TITLE`, which `.ci/run` counts. */
const results = join(import.meta.dirname, '..', 'build', 'templates.log');
mkdirSync(join(results, '..'), { recursive: true });
writeFileSync(results, '');

/** Prints one line, with the output of commands only if one fails. Returns whether the step passed. */
export async function step(title, action) {
  const start = performance.now();
  try {
    await action();
  } catch (error) {
    console.error(`failed: ${title}\n`, error);
    appendFileSync(results, `failed:${title}\n`);
    process.exitCode = 1;
    return false;
  }
  console.log(`${title} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  appendFileSync(results, `passed:${title}\n`);
  return true;
}
