import type { Comparison, Figure, Result, Side } from './figure.js';
import { usageOf } from './support/usage.js';

const ROUNDS = 5;
const WARM_UPS = 2;

/** The measurements of one side in one round. */
interface Sample {
  value: number;
  cpu: number;
  gc: number;
}
type Round = Record<'ours' | 'peer', Sample>;

/** Measures both sides of a figure in turn, so that a slow machine slows both. */
export async function resultOf(figure: Figure): Promise<Result> {
  const { name, kind, goal, unit } = figure;
  const rounds = await measuredRounds(figure, await figure.open());
  const ratios = rounds.map(({ ours, peer }) => (kind === 'rate' ? ours.value / peer.value : ours.value - peer.value));
  const result = { name, ...medians(rounds, 'value'), ratio: median(ratios), goal };
  if (kind === 'cost') return { ...result, unit: `${unit} (ratio is ours - peer, goal is its maximum)` };
  return { ...result, unit, cpu: medians(rounds, 'cpu'), gc: medians(rounds, 'gc') };
}

async function measuredRounds(figure: Figure, comparison: Comparison): Promise<Round[]> {
  const { ours, peer, rounds = ROUNDS, warmUps = WARM_UPS } = comparison;
  const measured: Round[] = [];
  try {
    for (let round = 0; round < warmUps + rounds; round++) {
      measured.push({ ours: await sampleOf(figure, ours), peer: await sampleOf(figure, peer) });
    }
  } finally {
    await comparison.close?.();
  }
  return measured.slice(warmUps);
}

async function sampleOf({ kind, perCpuSecond }: Figure, side: Side): Promise<Sample> {
  globalThis.gc?.(); // so that a side does not pay for the garbage of the other side
  await side.before?.();
  const before = await usageOf(side.processes);
  const start = performance.now();
  const result = await side.run();
  const milliseconds = performance.now() - start;
  const after = await usageOf(side.processes);
  await side.after?.();
  const cpu = after.cpu - before.cpu;
  const gc = ((after.gc - before.gc) * 100) / cpu;
  if (kind === 'cost') return { value: result, cpu, gc };
  return { value: (result * 1000) / (perCpuSecond ? cpu / 1000 : milliseconds), cpu: cpu / result, gc };
}

function medians(rounds: readonly Round[], of: keyof Sample): Record<keyof Round, number> {
  return { ours: median(rounds.map(({ ours }) => ours[of])), peer: median(rounds.map(({ peer }) => peer[of])) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
