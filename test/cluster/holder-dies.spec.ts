import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { startRotatingProvider, type RotatingProvider } from '../providers/rotating-provider.js';
import { Cluster, outcomes, type Worker } from './cluster.js';
import { describeEachStore, openSharedStore, type SharedStore } from './stores.js';

const CALLS = 100;
const TOOK_OVER = 'took over an unfinished refresh client=dev';

describeEachStore('a process that is killed while it refreshes, with the tokens in', (kind) => {
  let provider: RotatingProvider;
  let shared: SharedStore;
  let cluster: Cluster;
  let holder: Worker;

  beforeAll(async () => {
    provider = await startRotatingProvider();
    shared = await openSharedStore(kind);
    cluster = await Cluster.start(2, { provider: provider.url, store: shared.settings });
  }, 60_000);

  beforeEach(async () => {
    holder = await cluster.add({ refreshTimeout: 1, checkpoints: true }); // a lease of 0.8 s
  });

  afterEach(async () => {
    await cluster.remove(holder);
    provider.script((_attempt, process) => process());
    provider.grace = 0;
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

  /** The provider processes the holder's refresh. The holder is killed before it receives the response. */
  function killAfterProcessing(): void {
    provider.script(({ worker }, process) => {
      const answer = process();
      if (worker !== String(holder.pid)) return answer;
      holder.signal('SIGKILL');
      return 'hang up';
    });
  }

  it('is replaced after its lease if it had not sent the token request', async () => {
    await saveExpired('asked');
    const killed = holder.reaches('locked').then(() => holder.signal('SIGKILL'));
    await expect(holder.call('asked')).rejects.toThrow('the worker died');
    await killed;
    expect(outcomes(await cluster.storm('asked', CALLS, holder))).toEqual({ 200: CALLS });
    expect(provider.refreshes).toEqual([
      { user: 'asked', worker: expect.not.stringContaining(String(holder.pid)), isReuse: false },
    ]);
    expect(cluster.log).toEqual([TOOK_OVER]);
    expect(cluster.events).toEqual([]);
    expect(provider.isRevoked('asked')).toBe(false);
  });

  it('loses the login if the provider had just rotated the refresh token', async () => {
    await saveExpired('rotated');
    killAfterProcessing();
    await expect(holder.call('rotated')).rejects.toThrow('the worker died');
    const { token_revoked: revoked = 0, missing_token: missing = 0 } = outcomes(
      await cluster.storm('rotated', CALLS, holder),
    );
    expect(revoked).toBeGreaterThan(0);
    expect(revoked + missing).toBe(CALLS);
    expect(provider.refreshes.map(({ isReuse }) => isReuse)).toEqual([false, true]);
    expect(cluster.events).toEqual([{ event: 'revoked', name: 'dev', user: 'rotated' }]);
    expect(cluster.log).toContain(TOOK_OVER);
    expect(await shared.store.fetch({ name: 'dev', user: 'rotated' })).toBeUndefined();
  });

  it('does not lose the login if the provider accepts the old refresh token during a grace period', async () => {
    provider.grace = 60_000;
    await saveExpired('grace');
    killAfterProcessing();
    await expect(holder.call('grace')).rejects.toThrow('the worker died');
    expect(outcomes(await cluster.storm('grace', CALLS, holder))).toEqual({ 200: CALLS });
    expect(provider.refreshes.map(({ isReuse }) => isReuse)).toEqual([false, true]);
    expect(cluster.events).toEqual([]);
    expect(provider.isRevoked('grace')).toBe(false);
  });

  it('does not lose the login if it had saved the new token', async () => {
    await saveExpired('saved');
    const killed = holder.reaches('saved').then(() => holder.signal('SIGKILL'));
    await expect(holder.call('saved')).rejects.toThrow('the worker died');
    await killed;
    expect(outcomes(await cluster.storm('saved', CALLS, holder))).toEqual({ 200: CALLS });
    expect(provider.refreshes).toHaveLength(1);
    expect(cluster.log).toEqual([]);
    expect(cluster.events).toEqual([]);
  });
});
