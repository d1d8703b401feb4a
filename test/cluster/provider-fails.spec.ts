import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRotatingProvider, type RefreshScript, type RotatingProvider } from '../providers/rotating-provider.js';
import { Cluster, outcomes } from './cluster.js';
import { describeWithRedis } from '../support/engines.js';
import { openSharedStore, type SharedStore } from './stores.js';
import type { CallReport, WorkerSettings } from './messages.js';

const CALLS = 100;
/** Enough to bring a provider down. */
const CROWD = 1000;
const PROCESSES = 2;
/** Outcomes, where it does not matter whether a call failed itself or found the refreshes paused. */
function failures(reports: CallReport[]): Record<string, number> {
  const isOfProvider = ({ outcome }: CallReport): boolean => outcome.startsWith('provider_');
  return outcomes(reports.map((report) => (isOfProvider(report) ? { ...report, outcome: 'of_provider' } : report)));
}
/** Each process may ask now and then whether the provider has recovered. */
const FEW = 20;
/** A provider that asks for an hour. */
const LIMITED = { status: 429, headers: { 'retry-after': '3600' }, json: {} };

describeWithRedis('a provider that fails to refresh', () => {
  let provider: RotatingProvider;
  let shared: SharedStore;
  let cluster: Cluster;
  let extraordinary: Cluster | undefined;

  beforeAll(async () => {
    provider = await startRotatingProvider();
    shared = await openSharedStore('redis');
    cluster = await start();
  }, 60_000);

  afterEach(async () => {
    await extraordinary?.close();
    extraordinary = undefined;
    provider.refreshes.length = 0;
    provider.grace = 0;
    for (const { events } of cluster.workers) events.length = 0;
  });

  afterAll(async () => {
    await cluster.close();
    await shared.close();
    await provider.close();
  });

  /** A process remembers a provider that failed: tests in which it does not recover have processes of their own. */
  async function start(settings: Partial<WorkerSettings> = {}): Promise<Cluster> {
    return Cluster.start(PROCESSES, { provider: provider.url, store: shared.settings, ...settings });
  }

  async function saveExpired(user: string): Promise<void> {
    await shared.store.save({ name: 'dev', user }, provider.issueExpired(user));
  }

  /** A token that is to be refreshed, since it ends within the leeway, but that lives. */
  async function saveEnding(user: string): Promise<void> {
    await shared.store.save({ name: 'dev', user }, provider.issue(user, 50));
  }

  /** The provider is well again, and soon so are all calls; nobody was signed out. */
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
    ['hangs up without having processed it', 'of_provider', () => 'hang up', undefined],
    ['is silent', 'of_provider', () => 'never', { timeout: 500 }],
  ])(
    'and that %s is not hammered, and everybody is served again when it is well',
    async (name, outcome, script, settings) => {
      if (settings) extraordinary = await start(settings);
      const processes = extraordinary ?? cluster;
      provider.script(script);
      await saveExpired(name);
      expect(failures(await processes.storm(name, CROWD))).toEqual({ [outcome]: CROWD });
      expect(provider.refreshes.length).toBeLessThan(FEW);
      await expectRecovery(processes, name);
    },
    30_000,
  );

  it('and that is silent for longer than refresh_timeout keeps nobody waiting for longer', async () => {
    const processes = (extraordinary = await start({ refreshTimeout: 1 }));
    provider.script(() => 'never');
    await saveExpired('silent');
    expect(outcomes(await processes.storm('silent', CALLS))).toEqual({ refresh_timeout: CALLS });
    expect(provider.refreshes).toHaveLength(1); // whose holder lives, and keeps the lock
    await saveEnding('silent');
    expect(outcomes(await processes.storm('silent', CALLS))).toEqual({ 200: CALLS });
    expect(processes.events).toEqual([]);
  });

  it('does no harm while the old token lives', async () => {
    provider.script(() => ({ status: 500 }));
    await saveEnding('ending');
    expect(outcomes(await cluster.storm('ending', CALLS))).toEqual({ 200: CALLS });
    expect(provider.refreshes.length).toBeLessThan(FEW);
    await expectRecovery(cluster, 'ending');
  });

  it('and that is down for everybody is not asked for every user', async () => {
    const processes = (extraordinary = await start());
    provider.script(() => ({ status: 503 }));
    for (let index = 0; index < 50; index++) {
      await saveExpired(`user ${index}`);
      expect(failures(await processes.storm(`user ${index}`, PROCESSES))).toEqual({ of_provider: PROCESSES });
    }
    expect(provider.refreshes.length).toBeLessThan(FEW);
    await expectRecovery(processes, 'user 0');
  });

  it('and that asks for a pause of one user (429) gets it from every process, and serves the others', async () => {
    const processes = (extraordinary = await start());
    provider.script(({ user }, process) => (user === 'limited' ? LIMITED : process()));
    await saveExpired('limited');
    await processes.storm('limited', PROCESSES); // each process learns it on its own
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

  it('and that asks for a pause of several users (429) gets it for all, in every process, for minutes', async () => {
    const processes = (extraordinary = await start());
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

  it('and whose pause is over is asked again', async () => {
    provider.script(() => ({ status: 429, headers: { 'retry-after': '1' }, json: {} }));
    await saveExpired('pause');
    expect(failures(await cluster.storm('pause', CALLS))).toEqual({ of_provider: CALLS });
    await expectRecovery(cluster, 'pause');
  });

  describe('by hanging up when it has rotated the refresh token', () => {
    /** The first answer gets lost. */
    function loseAnswer(): void {
      provider.script((_attempt, process) => {
        provider.script((_next, process) => process());
        process();
        return 'hang up';
      });
    }

    it('harms nobody, where it has a time of grace', async () => {
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

    it('ends the login, where it has none; the application is told once', async () => {
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

/** Calls from each process until this comes of it. */
async function untilAll({ workers }: Cluster, user: string, outcome: string): Promise<void> {
  for (const worker of workers) {
    while ((await worker.call(user))[0]?.outcome !== outcome) await sleep(50);
  }
}
