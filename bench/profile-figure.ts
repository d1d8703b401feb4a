import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Figure, Side } from './figure.js';
import { heaviestCauses } from './support/profile-summary.js';
import { startProfile, stopProfile } from './support/profiler.js';

const FOLDER = 'build/profiles';
const WARM_UPS = 4;
const ROUNDS = 10;

/** Profiles our side of a figure, writes the CPU profile and the allocation profile, and prints the heaviest causes. */
export async function profileFigure({ name, kind, open }: Figure): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, name);
  process.env.BENCH_PROFILE = file; // for processes that are measured from their start
  const { ours, close } = await open();
  try {
    if (ours.processes || kind === 'rate') await profileRounds(ours, file, kind === 'rate' ? ROUNDS : 1);
    else await ours.run();
  } finally {
    await close?.();
    delete process.env.BENCH_PROFILE;
  }
  console.log(`\n${name}: ${file}.cpuprofile, ${file}.heapprofile\n${heaviestCauses(file)}`);
}

/** Profiles rounds in the first process that does the work. */
async function profileRounds(side: Side, file: string, rounds: number): Promise<void> {
  const child = side.processes?.[0];
  const round = async (): Promise<void> => {
    await side.before?.();
    await side.run();
    await side.after?.();
  };
  for (let warmUp = 0; warmUp < WARM_UPS && rounds > 1; warmUp++) await round();
  if (child) await child.ask('start profile');
  else startProfile();
  for (let count = 0; count < rounds; count++) await round();
  if (child) await child.ask('stop profile', file);
  else stopProfile(file);
}
