import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { startRotatingProvider, type RotatingProvider } from '../providers/rotating-provider.js';
import { Cluster, outcomes, type Worker } from './cluster.js';
import { describeEachStore, openSharedStore, type SharedStore } from './stores.js';
import type { CallReport } from './messages.js';

const CALLS = 100;

describeEachStore('a process that is paused while it refreshes, with the tokens in', (kind) => {
  let provider: RotatingProvider;
  let shared: SharedStore;
  let cluster: Cluster;
  let holder: Worker;

  beforeAll(async () => {
    provider = await startRotatingProvider();
    shared = await openSharedStore(kind);
    cluster = await Cluster.start(2, { provider: provider.url, store: shared.settings });
    holder = await cluster.add({ refreshTimeout: 4, checkpoints: true }); // a lease of 3.2 s, and 0.8 s for a save
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

  /** The provider processes the holder's refresh. The holder is paused before it receives the response. */
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

  /** A call in the paused process succeeds, or fails because it waited too long for the refresh or for the store. */
  function expectServedOrTimedOut(reports: CallReport[]): void {
    expect(reports.map(({ outcome }) => outcome)).toEqual([
      expect.stringMatching(/^(200|refresh_timeout|token_store_error)$/),
    ]);
  }

  it.each(['locked', 'read'] as const)(
    'does not send a token request after it was paused at "%s" for longer than its lease',
    async (checkpoint) => {
      await saveExpired(checkpoint);
      const reached = holder.reaches(checkpoint);
      const waiting = holder.call(checkpoint);
      await reached;
      holder.signal('SIGSTOP');
      holder.goOn(); // it receives the message when it resumes
      expect(outcomes(await cluster.storm(checkpoint, CALLS, holder))).toEqual({ 200: CALLS });
      holder.signal('SIGCONT');
      expectServedOrTimedOut(await waiting);
      expect(outcomes(await holder.call(checkpoint, CALLS))).toEqual({ 200: CALLS });
      expect(provider.refreshes).toEqual([
        { user: checkpoint, worker: expect.not.stringContaining(String(holder.pid)), isReuse: false },
      ]);
      expect(cluster.events).toEqual([]);
    },
  );

  it('does not overwrite the token of the process that took over, if the provider has a grace period', async () => {
    provider.grace = 60_000;
    await saveExpired('grace');
    const paused = pauseAfterProcessing();
    const waiting = holder.call('grace');
    await paused;
    expect(outcomes(await cluster.storm('grace', CALLS, holder))).toEqual({ 200: CALLS });
    const saved = await shared.store.fetch({ name: 'dev', user: 'grace' });
    holder.signal('SIGCONT');
    expectServedOrTimedOut(await waiting);
    expect(outcomes(await holder.call('grace', CALLS))).toEqual({ 200: CALLS });
    expect(await shared.store.fetch({ name: 'dev', user: 'grace' })).toEqual(saved);
    expect(provider.refreshes.map(({ isReuse }) => isReuse)).toEqual([false, true]);
    expect(cluster.events).toEqual([]);
    expect(provider.isRevoked('grace')).toBe(false);
  });

  it('loses the login if the provider has no grace period', async () => {
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
    const joined = await holder.call('rotated'); // joins the refresh if it is still in progress
    expect(outcomes([...(await waiting), ...joined])).not.toHaveProperty('provider_refused'); // the login is missing
    expect(outcomes(await holder.call('rotated', CALLS))).toEqual({ missing_token: CALLS });
    expect(provider.refreshes.map(({ isReuse }) => isReuse)).toEqual([false, true]);
    expect(cluster.events).toEqual([{ event: 'revoked', name: 'dev', user: 'rotated' }]);
    expect(await shared.store.fetch({ name: 'dev', user: 'rotated' })).toBeUndefined();
  });
});
