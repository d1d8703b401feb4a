import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRotatingProvider, type RotatingProvider } from '../providers/rotating-provider.js';
import { Cluster, outcomes, type Worker } from './cluster.js';
import { describeEachStore, openSharedStore, type SharedStore } from './stores.js';
import type { CallReport } from './messages.js';

const CALLS = 90;
const FIVE_MINUTES = 300_000;

describeEachStore('processes whose clocks are five minutes apart, with the tokens in', (kind) => {
  let provider: RotatingProvider;
  let shared: SharedStore;
  let cluster: Cluster;
  let ahead: Worker;
  let behind: Worker;

  beforeAll(async () => {
    provider = await startRotatingProvider({ lifetime: 120 });
    shared = await openSharedStore(kind);
    const settings = { provider: provider.url, store: shared.settings };
    cluster = await Cluster.start(1, settings);
    ahead = await cluster.add({ clockOffset: FIVE_MINUTES });
    behind = await cluster.add({ clockOffset: -FIVE_MINUTES });
  }, 60_000);

  afterEach(() => {
    expect(cluster.events).toEqual([]);
    expect(provider.refreshes.filter(({ isReuse }) => isReuse)).toEqual([]);
    provider.refreshes.length = 0;
  });

  afterAll(async () => {
    await cluster.close();
    await shared.close();
    await provider.close();
  });

  it('refresh an expired token once, whichever process is called first', async () => {
    for (const [user, first] of [['early', ahead] as const, ['late', behind] as const]) {
      await shared.store.save({ name: 'dev', user }, provider.issueExpired(user));
      expect(outcomes(await first.call(user, CALLS))).toEqual({ 200: CALLS });
      expect(provider.refreshes.filter((refresh) => refresh.user === user)).toHaveLength(1);
    }
  });

  it('replace a token that the API refuses, although the slow clock says it has not expired', async () => {
    await shared.store.save({ name: 'dev', user: 'refused' }, provider.issue('refused'));
    provider.forgetAccessToken('refused');
    expect(outcomes(await behind.call('refused', CALLS))).toEqual({ 200: CALLS });
    expect(provider.refreshes).toHaveLength(1);
  });

  it('refresh at most once each, even if the token lifetime is shorter than the clock difference', async () => {
    await shared.store.save({ name: 'dev', user: 'short' }, provider.issue('short'));
    for (const worker of [ahead, behind, ...cluster.workers]) {
      expect(outcomes(await worker.call('short', CALLS))).toEqual({ 200: CALLS });
    }
    expect(provider.refreshes.length).toBeLessThanOrEqual(cluster.workers.length);
    provider.refreshes.length = 0;
    for (let round = 0; round < 3; round++) {
      expect(outcomes(await cluster.storm('short', CALLS))).toEqual({ 200: CALLS });
    }
    expect(provider.refreshes).toEqual([]);
  });

  it('do not take over a lock that another process holds', async () => {
    const user = 'locked';
    await shared.store.save({ name: 'dev', user }, provider.issueExpired(user));
    const others: Promise<CallReport[]>[] = [];
    provider.script(async (_attempt, process) => {
      provider.script((_next, process) => process());
      others.push(ahead.call(user, CALLS));
      await sleep(500); // a lease that depended on a process's clock would expire now
      return process();
    });
    expect(outcomes(await behind.call(user, CALLS))).toEqual({ 200: CALLS });
    expect(outcomes((await Promise.all(others)).flat())).toEqual({ 200: CALLS });
  });
});
