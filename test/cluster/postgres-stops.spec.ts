import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRotatingProvider, type RotatingProvider } from '../providers/rotating-provider.js';
import { PostgresServer } from '../support/postgres-server.js';
import { describeWithProgram } from '../support/program.js';
import { Cluster, outcomes, type Worker } from './cluster.js';
import { openSharedStore, type SharedStore } from './stores.js';

const CALLS = 100;
/** Milliseconds. Longer than the lease, so only the stopped store keeps other processes from taking over the lock. */
const OUTAGE = 5000;
const REFRESH_TIMEOUT = 5;

describeWithProgram('initdb')('a cluster whose PostgreSQL server stops during a refresh', () => {
  let provider: RotatingProvider;
  let postgres: PostgresServer;
  let shared: SharedStore;
  let cluster: Cluster;
  let holder: Worker;

  beforeAll(async () => {
    provider = await startRotatingProvider();
    postgres = await PostgresServer.start();
    shared = await openSharedStore('postgres', postgres.url);
    const settings = { provider: provider.url, store: shared.settings, refreshTimeout: REFRESH_TIMEOUT };
    cluster = await Cluster.start(2, settings);
  }, 60_000);

  beforeEach(async () => {
    holder = await cluster.add();
    provider.script(async (_attempt, process) => {
      provider.script((_next, process) => process());
      await postgres.stop();
      return process();
    });
  });

  afterEach(async () => {
    await cluster.remove(holder);
    provider.grace = 0;
    provider.refreshes.length = 0;
    for (const { events } of cluster.workers) events.length = 0;
  });

  afterAll(async () => {
    await cluster.close();
    await shared.close();
    await postgres.close();
    await provider.close();
  });

  async function saveExpired(user: string): Promise<void> {
    await shared.store.save({ name: 'dev', user }, provider.issueExpired(user));
  }

  const unsaved = (user: string) => ({ event: 'unsaved', name: 'dev', user });
  const revoked = (user: string) => ({ event: 'revoked', name: 'dev', user });

  it('uses the unsaved token, and saves it when the server is available again', async () => {
    await saveExpired('lives');
    expect(outcomes(await holder.call('lives', CALLS))).toEqual({ 200: CALLS });
    await sleep(OUTAGE);
    expect(outcomes(await holder.call('lives', CALLS))).toEqual({ 200: CALLS });
    await postgres.start();
    expect(outcomes(await cluster.storm('lives', CALLS * 3))).toEqual({ 200: CALLS * 3 });
    expect(provider.refreshes).toHaveLength(1);
    expect(provider.isRevoked('lives')).toBe(false);
    expect(cluster.events).toEqual([unsaved('lives')]);
  }, 60_000);

  it('loses the login if the process is killed before it saves the token', async () => {
    await saveExpired('killed');
    expect(outcomes(await holder.call('killed', CALLS))).toEqual({ 200: CALLS });
    holder.signal('SIGKILL');
    await postgres.start();
    const { token_revoked: gone = 0, missing_token: missing = 0 } = outcomes(
      await cluster.storm('killed', CALLS, holder),
    );
    expect(gone).toBeGreaterThan(0);
    expect(gone + missing).toBe(CALLS);
    expect(cluster.events).toEqual(expect.arrayContaining([unsaved('killed'), revoked('killed')]));
    expect(cluster.events).toHaveLength(2);
  }, 60_000);

  it('does not lose the login of a killed process if the provider has a grace period', async () => {
    provider.grace = 60_000;
    await saveExpired('grace');
    expect(outcomes(await holder.call('grace', CALLS))).toEqual({ 200: CALLS });
    holder.signal('SIGKILL');
    await postgres.start();
    expect(outcomes(await cluster.storm('grace', CALLS, holder))).toEqual({ 200: CALLS });
    expect(provider.refreshes.map(({ isReuse }) => isReuse)).toEqual([false, true]);
    expect(cluster.events).toEqual([unsaved('grace')]);
  }, 60_000);
});
