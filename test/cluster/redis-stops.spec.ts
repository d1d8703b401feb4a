import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRotatingProvider, type RotatingProvider } from '../providers/rotating-provider.js';
import { describeWithProgram } from '../support/program.js';
import { RedisServer } from '../support/redis-server.js';
import { Cluster, outcomes, type Worker } from './cluster.js';
import { openSharedStore, type SharedStore } from './stores.js';

const CALLS = 100;
/** Milliseconds. Longer than the lease of the lock. */
const OUTAGE = 4500;
const REFRESH_TIMEOUT = 5;

describeWithProgram('redis-server')('a cluster whose Redis server stops during a refresh', () => {
  let provider: RotatingProvider;
  let redis: RedisServer;
  let shared: SharedStore;
  let cluster: Cluster;
  let holder: Worker;

  beforeAll(async () => {
    provider = await startRotatingProvider();
    redis = await RedisServer.start();
    shared = await openSharedStore('redis', redis.url);
    cluster = await Cluster.start(3, {
      provider: provider.url,
      store: shared.settings,
      refreshTimeout: REFRESH_TIMEOUT,
    });
    [holder] = cluster.workers as [Worker];
  }, 60_000);

  afterEach(() => {
    provider.refreshes.length = 0;
  });

  afterAll(async () => {
    await cluster.close();
    await shared.close();
    await redis.close();
    await provider.close();
  });

  async function saveExpired(user: string): Promise<void> {
    await shared.store.save({ name: 'dev', user }, provider.issueExpired(user));
  }

  /** Runs an action during the next refresh. */
  function meanwhile(happens: () => Promise<void>): void {
    provider.script(async (_attempt, process) => {
      provider.script((_next, process) => process());
      await happens();
      return process();
    });
  }

  it('saves the new token if the server restarts empty', async () => {
    await saveExpired('empty');
    meanwhile(async () => {
      await redis.stop();
      await redis.empty();
      await redis.start();
    });
    expect(outcomes(await holder.call('empty', CALLS))).toEqual({ 200: CALLS });
    expect(outcomes(await cluster.storm('empty', CALLS * 3))).toEqual({ 200: CALLS * 3 });
    expect(provider.refreshes).toHaveLength(1);
    expect(provider.isRevoked('empty')).toBe(false);
    expect(cluster.events).toEqual([]);
  });

  it('saves the new token before another process refreshes if the server restarts after the lease', async () => {
    await saveExpired('later');
    const waiting = holder.call('later', CALLS);
    await new Promise<void>((resolve) => {
      meanwhile(async () => {
        await redis.stop();
        resolve();
      });
    });
    await sleep(OUTAGE);
    await redis.start();
    expect(outcomes(await cluster.storm('later', CALLS * 3))).toEqual({ 200: CALLS * 3 });
    await waiting; // with the token, or with a timeout
    expect(provider.refreshes).toHaveLength(1);
    expect(provider.isRevoked('later')).toBe(false);
    expect(cluster.events.filter(({ event }) => event === 'revoked')).toEqual([]);
  }, 60_000);
});
