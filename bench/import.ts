import { spawnSync } from 'node:child_process';
import type { Figure, Side } from './figure.js';
import { profileInto } from './support/profiler.js';

const OURS = "import 'nestjs-oauth-client';";
/** What every application imports that uses the package. */
const NEST = "import 'reflect-metadata'; import '@nestjs/common'; import '@nestjs/core'; import 'rxjs';";

/** How much longer a process takes that imports the package than a process that imports nothing. */
export const importTime: Figure = {
  name: 'import',
  unit: 'ms',
  goal: 60,
  kind: 'cost',
  open: () => Promise.resolve({ ours: runTime(OURS), peer: runTime(''), warmUps: 0 }),
};

/** Like {@link importTime}, but in a process that has imported Nest. */
export const importTimeAfterNest: Figure = {
  name: 'import-after-nest',
  unit: 'ms',
  goal: 60,
  kind: 'cost',
  open: () => Promise.resolve({ ours: runTime(NEST + OURS), peer: runTime(NEST), warmUps: 0 }),
};

/** How much more memory a process uses that imports the package. */
export const importMemory: Figure = {
  name: 'import-memory',
  unit: 'MB resident',
  goal: 25,
  kind: 'cost',
  open: () => Promise.resolve({ ours: residentMemory(OURS), peer: residentMemory(''), warmUps: 0 }),
};

function runTime(code: string): Side {
  return {
    run() {
      const start = performance.now();
      runModule(code);
      return performance.now() - start;
    },
  };
}

function residentMemory(code: string): Side {
  const report = `${code} process.stdout.write(String(process.memoryUsage().rss))`;
  return { run: () => Number(runModule(report)) / 1e6 };
}

function runModule(code: string): string {
  const file = profileInto();
  const profile = file === undefined ? [] : ['--cpu-prof', `--cpu-prof-name=${file}.cpuprofile`];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...profile, '--input-type=module', '--eval', code], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the module failed: ${stderr}`);
  return stdout;
}
