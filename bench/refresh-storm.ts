import { setTimeout as sleep } from 'node:timers/promises';
import type { Comparison, Figure } from './figure.js';
import { REFRESH_MS, startProvider, type StormProvider } from './storm/provider.js';
import { openStore, type StoreKind } from './storm/store.js';
import { Child } from './support/child.js';

const PROCESSES = 4;
const CALLS = 1000;

/**
 * How long a refresh delays callers: the 99th percentile of 1,000 callers in 4 processes, without the time that the provider takes,
 * against the same callers when the token is valid.
 */
function refreshStorm(kind: StoreKind): Figure {
  return {
    name: `refresh-storm-${kind}`,
    unit: 'ms',
    goal: 30,
    kind: 'cost',
    needs: kind === 'redis' ? 'REDIS_URL' : 'DATABASE_URL',
    open: () => open(kind),
  };
}

export const refreshStorms = (['redis', 'postgres'] as const).map(refreshStorm);

async function open(kind: StoreKind): Promise<Comparison> {
  const provider = await startProvider();
  const prefix = `bench_storm_${process.pid}`;
  const { store, close } = await openStore(kind, prefix, { creates: true });
  const worker = new URL('./storm/worker.js', import.meta.url);
  const workers = await Promise.all(
    Array.from({ length: PROCESSES }, () => Child.start(worker, provider.url, kind, prefix)),
  );
  const longestWait = async (user: string): Promise<number> => {
    const order = { user, calls: CALLS / PROCESSES };
    const waits = (await Promise.all(workers.map((child) => child.ask('call', order)))) as number[][];
    await sleep(10);
    return percentile(waits.flat(), 0.99);
  };
  let storms = 0;
  return {
    ours: {
      async run() {
        const user = `user ${++storms}`;
        await store.save({ name: 'dev', user }, provider.issueExpired(user));
        const wait = await longestWait(user);
        requireOneRefresh(provider, user);
        return wait - REFRESH_MS;
      },
      processes: workers,
    },
    peer: {
      async run() {
        const user = 'user with a valid token';
        await store.save({ name: 'dev', user }, provider.issueValid());
        return longestWait(user);
      },
      processes: workers,
    },
    rounds: 15,
    warmUps: 5,
    async close() {
      await Promise.all(workers.map((child) => child.stop()));
      await close();
      await provider.close();
    },
  };
}

/** Throws when there was a second refresh, which would have revoked the grant. */
function requireOneRefresh(provider: StormProvider, user: string): void {
  const refreshes = provider.refreshesOf(user);
  if (refreshes !== 1) throw new Error(`${user}: ${refreshes} refreshes in one storm`);
}

function percentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * part) - 1] ?? NaN;
}
