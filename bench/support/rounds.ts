import type { Pair } from '../figure.js';
import { callsPerSecond } from './rate.js';

type Call = () => Promise<unknown>;
type Sample = () => number | Promise<number>;

/** Returns the medians of alternating samples. They alternate so that a slow machine slows both sides. */
export async function inTurn(ours: Sample, peer: Sample, { rounds = 15, warmUps = 2 } = {}): Promise<Pair> {
  const samples: Record<keyof Pair, number[]> = { ours: [], peer: [] };
  for (let round = -warmUps; round < rounds; round++) {
    const pair = { ours: await withoutGarbage(ours), peer: await withoutGarbage(peer) };
    if (round < 0) continue;
    samples.ours.push(pair.ours);
    samples.peer.push(pair.peer);
  }
  return { ours: median(samples.ours), peer: median(samples.peer) };
}

/** Returns the median rates of calls, with alternating samples and `concurrency` calls at a time. */
export function callsInTurn(ours: Call, peer: Call, concurrency: number): Promise<Pair> {
  return inTurn(
    () => callsPerSecond(ours, { concurrency }),
    () => callsPerSecond(peer, { concurrency }),
    { warmUps: 4 },
  );
}

/** Takes a sample after a garbage collection, so that the sample does not pay for the garbage of the previous sample. */
async function withoutGarbage(sample: Sample): Promise<number> {
  globalThis.gc?.();
  return sample();
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
