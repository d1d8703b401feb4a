import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRotatingProvider, type RefreshScript, type RotatingProvider } from '../providers/rotating-provider.js';
import { Cluster, outcomes } from './cluster.js';
import { describeWithRedis } from '../support/engines.js';
import { openSharedStore, type SharedStore } from './stores.js';
import type { CallReport, WorkerSettings } from './messages.js';

const CALLS = 100;
/** Enough calls to overload a provider. */
const CROWD = 1000;
const PROCESSES = 2;
/** Counts outcomes, with all `provider_` errors as one, because some calls fail and others find the refreshes paused. */
function failures(reports: CallReport[]): Record<string, number> {
  const isOfProvider = ({ outcome }: CallReport): boolean => outcome.startsWith('provider_');
  return outcomes(reports.map((report) => (isOfProvider(report) ? { ...report, outcome: 'of_provider' } : report)));
}
/** The limit for refreshes while the provider fails. Each process may check now and then whether it has recovered. */
const FEW = 20;
/** A rate limit of one hour. */
const LIMITED = { status: 429, headers: { 'retry-after': '3600' }, json: {} };

describeWithRedis('a cluster whose provider fails to refresh', () => {
  let provider: RotatingProvider;
  let shared: SharedStore;
  let cluster: Cluster;
  let ownCluster: Cluster | undefined;

  beforeAll(async () => {
    provider = await startRotatingProvider();
    shared = await openSharedStore('redis');
    cluster = await start();
  }, 60_000);

  afterEach(async () => {
    await ownCluster?.close();
    ownCluster = undefined;
    provider.refreshes.length = 0;
    provider.grace = 0;
    for (const { events } of cluster.workers) events.length = 0;
  });

  afterAll(async () => {
    await cluster.close();
    await shared.close();
    await provider.close();
  });

  /** A process remembers a failed provider, so a test in which the provider does not recover starts its own processes. */
  async function start(settings: Partial<WorkerSettings> = {}): Promise<Cluster> {
    return Cluster.start(PROCESSES, { provider: provider.url, store: shared.settings, ...settings });
  }

  async function saveExpired(user: string): Promise<void> {
    await shared.store.save({ name: 'dev', user }, provider.issueExpired(user));
  }

  /** A token that is still valid but expires within the leeway, so it is refreshed. */
  async function saveEnding(user: string): Promise<void> {
    await shared.store.save({ name: 'dev', user }, provider.issue(user, 50));
  }

  /** The provider recovers, then all calls succeed, and the user is still signed in. */
  async function expectRecovery(processes: Cluster, user: string): Promise<void> {
    provider.script((_attempt, process) => process());
    provider.refreshes.length = 0;
    while (provider.refreshes.length === 0) await processes.storm(user, PROCESSES);
    await untilAll(processes, user, '200');
    expect(provider.refreshes.map(({ isReuse }) => isReuse)).toEqual([false]);
    expect(provider.isRevoked(user)).toBe(false);
    expect(processes.events).toEqual([]);
  }

  it.each<[name: string, outcome: string, script: RefreshScript, settings: Partial<WorkerSettings> | undefined]>([
    ['answers 500', 'server_error', () => ({ status: 500, json: { error: 'server_error' } }), undefined],
    ['answers 503 with a page', 'of_provider', () => ({ status: 503 }), undefined],
    ['closes the connection without processing the request', 'of_provider', () => 'hang up', undefined],
    ['does not respond', 'of_provider', () => 'never', { timeout: 500 }],
  ])(
    'limits the refreshes at a provider that %s, and serves all calls after it recovers',
    async (name, outcome, script, settings) => {
      if (settings) ownCluster = await start(settings);
      const processes = ownCluster ?? cluster;
      provider.script(script);
      await saveExpired(name);
      expect(failures(await processes.storm(name, CROWD))).toEqual({ [outcome]: CROWD });
      expect(provider.refreshes.length).toBeLessThan(FEW);
      await expectRecovery(processes, name);
    },
    30_000,
  );

  it('fails calls after refresh_timeout if the provider does not respond', async () => {
    const processes = (ownCluster = await start({ refreshTimeout: 1 }));
    provider.script(() => 'never');
    await saveExpired('silent');
    expect(outcomes(await processes.storm('silent', CALLS))).toEqual({ refresh_timeout: CALLS });
    expect(provider.refreshes).toHaveLength(1); // its holder is alive and keeps the lock
    await saveEnding('silent');
    expect(outcomes(await processes.storm('silent', CALLS))).toEqual({ 200: CALLS });
    expect(processes.events).toEqual([]);
  });

  it('serves all calls with the old token until it expires', async () => {
    provider.script(() => ({ status: 500 }));
    await saveEnding('ending');
    expect(outcomes(await cluster.storm('ending', CALLS))).toEqual({ 200: CALLS });
    expect(provider.refreshes.length).toBeLessThan(FEW);
    await expectRecovery(cluster, 'ending');
  });

  it('does not retry for every user while the provider is down', async () => {
    const processes = (ownCluster = await start());
    provider.script(() => ({ status: 503 }));
    for (let index = 0; index < 50; index++) {
      await saveExpired(`user ${index}`);
      expect(failures(await processes.storm(`user ${index}`, PROCESSES))).toEqual({ of_provider: PROCESSES });
    }
    expect(provider.refreshes.length).toBeLessThan(FEW);
    await expectRecovery(processes, 'user 0');
  });

  it('pauses refreshes for a rate-limited user (429) in every process, but not for other users', async () => {
    const processes = (ownCluster = await start());
    provider.script(({ user }, process) => (user === 'limited' ? LIMITED : process()));
    await saveExpired('limited');
    await processes.storm('limited', PROCESSES); // each process receives its own 429
    expect(provider.refreshes.length).toBeLessThanOrEqual(PROCESSES);
    provider.refreshes.length = 0;
    const reports = await processes.storm('limited', CALLS);
    expect(failures(reports)).toEqual({ of_provider: CALLS });
    for (const { retryAfter } of reports) expect(retryAfter).toBeGreaterThan(3000);
    for (const user of ['first', 'second', 'third']) {
      await saveExpired(user);
      expect(outcomes(await processes.storm(user, CALLS))).toEqual({ 200: CALLS });
    }
    expect(provider.refreshes.map(({ user }) => user)).toEqual(['first', 'second', 'third']);
    expect(processes.events).toEqual([]);
  });

  it('pauses all refreshes for up to five minutes after several users are rate-limited (429)', async () => {
    const processes = (ownCluster = await start());
    provider.script(() => LIMITED);
    for (const user of ['one', 'two', 'three']) {
      await saveExpired(user);
      await processes.storm(user, PROCESSES);
    }
    expect(provider.refreshes.length).toBeLessThanOrEqual(3 * PROCESSES);
    provider.refreshes.length = 0;
    await saveExpired('four');
    const reports = await processes.storm('four', CALLS);
    expect(failures(reports)).toEqual({ of_provider: CALLS });
    for (const { retryAfter } of reports) expect(retryAfter).toBeLessThanOrEqual(300);
    for (const { retryAfter } of reports) expect(retryAfter).toBeGreaterThan(200);
    await saveEnding('four');
    expect(outcomes(await processes.storm('four', CALLS))).toEqual({ 200: CALLS });
    expect(provider.refreshes).toEqual([]);
    expect(processes.events).toEqual([]);
  });

  it('refreshes again after Retry-After', async () => {
    provider.script(() => ({ status: 429, headers: { 'retry-after': '1' }, json: {} }));
    await saveExpired('pause');
    expect(failures(await cluster.storm('pause', CALLS))).toEqual({ of_provider: CALLS });
    await expectRecovery(cluster, 'pause');
  });

  describe('whose provider closes the connection after it rotated the refresh token', () => {
    /** The first response gets lost. */
    function loseAnswer(): void {
      provider.script((_attempt, process) => {
        provider.script((_next, process) => process());
        process();
        return 'hang up';
      });
    }

    it('does not lose the login if the provider has a grace period', async () => {
      provider.grace = 60_000;
      await saveExpired('grace');
      loseAnswer();
      const { 200: served = 0, of_provider: failed = 0 } = failures(await cluster.storm('grace', CALLS));
      expect(served + failed).toBe(CALLS);
      await untilAll(cluster, 'grace', '200');
      expect(provider.refreshes.map(({ isReuse }) => isReuse)).toEqual([false, true]);
      expect(provider.isRevoked('grace')).toBe(false);
      expect(cluster.events).toEqual([]);
    });

    it('loses the login if the provider has no grace period, and notifies the application once', async () => {
      await saveExpired('rotated');
      loseAnswer();
      const first = outcomes(await cluster.storm('rotated', CALLS));
      expect(first).not.toHaveProperty('200');
      await untilAll(cluster, 'rotated', 'missing_token');
      expect(provider.refreshes.map(({ isReuse }) => isReuse)).toEqual([false, true]);
      expect(cluster.events).toEqual([{ event: 'revoked', name: 'dev', user: 'rotated' }]);
    });
  });
});

/** Calls from each process until the call has this outcome. */
async function untilAll({ workers }: Cluster, user: string, outcome: string): Promise<void> {
  for (const worker of workers) {
    while ((await worker.call(user))[0]?.outcome !== outcome) await sleep(50);
  }
}
