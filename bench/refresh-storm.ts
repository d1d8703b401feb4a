import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure, Pair } from './figure.js';
import { startProvider, type StormProvider } from './storm/provider.js';
import { openStore, type StoreKind } from './storm/store.js';
import { Child } from './support/child.js';

const PROCESSES = 4;
const CALLS = 1000;
const ROUNDS = 100;
const WARM_UPS = 5;

/** How long callers wait for a refresh: the 99th percentile of 1,000 callers in 4 processes, against a single caller. */
function refreshStorm(kind: StoreKind): Figure {
  return {
    name: `refresh-storm-${kind}`,
    unit: 'ms',
    goal: 50,
    kind: 'cost',
    needs: kind === 'redis' ? 'REDIS_URL' : 'DATABASE_URL',
    measure: () => measure(kind),
  };
}

export const refreshStorms = (['redis', 'postgres'] as const).map(refreshStorm);

async function measure(kind: StoreKind): Promise<Pair> {
  const provider = await startProvider();
  const prefix = `bench_storm_${process.pid}`;
  const shared = await openStore(kind, prefix, { creates: true });
  const worker = new URL('./storm/worker.js', import.meta.url);
  const workers = await Promise.all(
    Array.from({ length: PROCESSES }, () => Child.start(worker, provider.url, kind, prefix)),
  );
  const storm = async (user: string, processes: Child<unknown>[], calls: number): Promise<number> => {
    await shared.store.save({ name: 'dev', user }, provider.issueExpired(user));
    const order = JSON.stringify({ user, calls: calls / processes.length });
    const waits = (await Promise.all(processes.map((child) => child.ask(order)))) as number[][];
    requireOneRefresh(provider, user);
    await sleep(10);
    return percentile(waits.flat(), 0.99);
  };
  const all: number[] = [];
  const alone: number[] = [];
  try {
    for (let round = -WARM_UPS; round < ROUNDS; round++) {
      const waits = await storm(`user ${round}`, workers, CALLS);
      const wait = await storm(`lone user ${round}`, workers.slice(0, 1), 1);
      if (round < 0) continue;
      all.push(waits);
      alone.push(wait);
    }
  } finally {
    await Promise.all(workers.map((child) => child.stop()));
    await shared.close();
    await provider.close();
  }
  return { ours: percentile(all, 0.5), peer: percentile(alone, 0.5) };
}

/** Throws when there was a second refresh, which would have revoked the grant. */
function requireOneRefresh(provider: StormProvider, user: string): void {
  const refreshes = provider.refreshesOf(user);
  if (refreshes !== 1) throw new Error(`${user}: ${refreshes} refreshes in one storm`);
}

function percentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * part) - 1] ?? NaN;
}
