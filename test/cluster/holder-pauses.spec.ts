import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { startRotatingProvider, type RotatingProvider } from '../providers/rotating-provider.js';
import { Cluster, outcomes, type Worker } from './cluster.js';
import { describeEachStore, openSharedStore, type SharedStore } from './stores.js';
import type { CallReport } from './messages.js';

const CALLS = 100;

describeEachStore('a process that stands still while it refreshes, with the tokens in', (kind) => {
  let provider: RotatingProvider;
  let shared: SharedStore;
  let cluster: Cluster;
  let holder: Worker;

  beforeAll(async () => {
    provider = await startRotatingProvider();
    shared = await openSharedStore(kind);
    cluster = await Cluster.start(2, { provider: provider.url, store: shared.settings });
    holder = await cluster.add({ refreshTimeout: 2, checkpoints: true }); // a lease of 1.6 s
  }, 60_000);

  beforeEach(() => {
    provider.grace = 0;
  });

  afterEach(() => {
    provider.script((_attempt, process) => process());
    provider.refreshes.length = 0;
    for (const { log, events } of cluster.workers) log.length = events.length = 0;
  });

  afterAll(async () => {
    await cluster.close();
    await shared.close();
    await provider.close();
  });

  async function saveExpired(user: string): Promise<void> {
    await shared.store.save({ name: 'dev', user }, provider.issueExpired(user));
  }

  /** The holder's refresh is processed, and the holder stands still when the answer comes. */
  function pauseAfterProcessing(): Promise<void> {
    return new Promise((resolve) => {
      provider.script(({ worker }, process) => {
        const answer = process();
        if (worker === String(holder.pid)) {
          holder.signal('SIGSTOP');
          resolve();
        }
        return answer;
      });
    });
  }

  /** Who waited for longer than `refresh_timeout` in a process that stood still, for another or for the store, is told so. */
  function expectServedOrTold(reports: CallReport[]): void {
    expect(reports.map(({ outcome }) => outcome)).toEqual([
      expect.stringMatching(/^(200|refresh_timeout|token_store_error)$/),
    ]);
  }

  it.each(['locked', 'read'] as const)(
    'does not ask the provider when it has come no further than "%s": its lease is over, and another has',
    async (checkpoint) => {
      await saveExpired(checkpoint);
      const reached = holder.reaches(checkpoint);
      const waiting = holder.call(checkpoint);
      await reached;
      holder.signal('SIGSTOP');
      holder.goOn(); // it hears of it when it wakes up
      expect(outcomes(await cluster.storm(checkpoint, CALLS, holder))).toEqual({ 200: CALLS });
      holder.signal('SIGCONT');
      expectServedOrTold(await waiting);
      expect(outcomes(await holder.call(checkpoint, CALLS))).toEqual({ 200: CALLS });
      expect(provider.refreshes).toEqual([
        { user: checkpoint, worker: expect.not.stringContaining(String(holder.pid)), isReuse: false },
      ]);
      expect(cluster.events).toEqual([]);
    },
  );

  it('saves nothing over the token of the one that took over, where the provider has a time of grace', async () => {
    provider.grace = 60_000;
    await saveExpired('grace');
    const paused = pauseAfterProcessing();
    const waiting = holder.call('grace');
    await paused;
    expect(outcomes(await cluster.storm('grace', CALLS, holder))).toEqual({ 200: CALLS });
    const saved = await shared.store.fetch({ name: 'dev', user: 'grace' });
    holder.signal('SIGCONT');
    expectServedOrTold(await waiting);
    expect(outcomes(await holder.call('grace', CALLS))).toEqual({ 200: CALLS });
    expect(await shared.store.fetch({ name: 'dev', user: 'grace' })).toEqual(saved);
    expect(provider.refreshes.map(({ isReuse }) => isReuse)).toEqual([false, true]);
    expect(cluster.events).toEqual([]);
    expect(provider.isRevoked('grace')).toBe(false);
  });

  it('takes the login with it, where the provider has none', async () => {
    await saveExpired('rotated');
    const paused = pauseAfterProcessing();
    const waiting = holder.call('rotated');
    await paused;
    const { token_revoked: revoked = 0, missing_token: missing = 0 } = outcomes(
      await cluster.storm('rotated', CALLS, holder),
    );
    expect(revoked).toBeGreaterThan(0);
    expect(revoked + missing).toBe(CALLS);
    holder.signal('SIGCONT');
    const joined = await holder.call('rotated'); // joins the refresh, if it is still under way
    expect(outcomes([...(await waiting), ...joined])).not.toHaveProperty('provider_refused'); // the login is missing
    expect(outcomes(await holder.call('rotated', CALLS))).toEqual({ missing_token: CALLS });
    expect(provider.refreshes.map(({ isReuse }) => isReuse)).toEqual([false, true]);
    expect(cluster.events).toEqual([{ event: 'revoked', name: 'dev', user: 'rotated' }]);
    expect(await shared.store.fetch({ name: 'dev', user: 'rotated' })).toBeUndefined();
  });
});
