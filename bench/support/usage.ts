import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import type { Child } from './child.js';

/** What processes have used since they started, in microseconds. */
export interface Usage {
  /** CPU time of all threads. */
  cpu: number;
  /** Time of garbage collections. */
  gc: number;
}

let garbageCollections = 0;
new PerformanceObserver((list) => {
  for (const { duration, detail } of list.getEntries() as (PerformanceEntry & { detail: { flags: number } })[]) {
    const isForced = (detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0; // between two rounds
    if (!isForced) garbageCollections += duration * 1000;
  }
}).observe({ entryTypes: ['gc'] });

/** Returns what this process has used. */
export async function ownUsage(): Promise<Usage> {
  await nextTurn(); // the observer is notified of the last garbage collections
  await nextTurn();
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, gc: garbageCollections };
}

/** Returns the sum of what processes have used. @param children if omitted, this process */
export async function usageOf(children?: readonly Child[]): Promise<Usage> {
  if (!children) return ownUsage();
  const usages = await Promise.all(children.map((child) => child.ask('usage') as Promise<Usage>));
  return usages.reduce((sum, { cpu, gc }) => ({ cpu: sum.cpu + cpu, gc: sum.gc + gc }));
}
