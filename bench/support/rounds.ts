import type { Pair } from '../figure.js';
import { callsPerSecond } from './rate.js';

type Call = () => Promise<unknown>;
type Sample = () => number | Promise<number>;

/** The medians of samples that are taken in turn, so that whatever slows the machine down slows both sides. */
export async function inTurn(ours: Sample, peer: Sample, { rounds = 15, warmUps = 2 } = {}): Promise<Pair> {
  const samples: Record<keyof Pair, number[]> = { ours: [], peer: [] };
  for (let round = -warmUps; round < rounds; round++) {
    const pair = { ours: await clean(ours), peer: await clean(peer) };
    if (round < 0) continue;
    samples.ours.push(pair.ours);
    samples.peer.push(pair.peer);
  }
  return { ours: median(samples.ours), peer: median(samples.peer) };
}

/** The rates of calls, in turn, with `concurrency` of them under way. */
export function callsInTurn(ours: Call, peer: Call, concurrency: number): Promise<Pair> {
  return inTurn(
    () => callsPerSecond(ours, { concurrency }),
    () => callsPerSecond(peer, { concurrency }),
    { warmUps: 4 },
  );
}

/** A sample that does not pay for the garbage of the one before it. */
async function clean(sample: Sample): Promise<number> {
  globalThis.gc?.();
  return sample();
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
