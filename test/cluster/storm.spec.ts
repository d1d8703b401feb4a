import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { startRotatingProvider, type RotatingProvider } from '../providers/rotating-provider.js';
import { Cluster, outcomes } from './cluster.js';
import { describeEachStore, openSharedStore, type SharedStore } from './stores.js';

const CALLS = 1000;
const FEWER = 200;
const PROCESSES = 4;

jest.setTimeout(60_000); // processes start slowly

describeEachStore('many processes that call the API at once, with the tokens in', (kind) => {
  let provider: RotatingProvider;
  let shared: SharedStore;
  let cluster: Cluster;

  beforeAll(async () => {
    provider = await startRotatingProvider({ latency: 50 });
    shared = await openSharedStore(kind);
    cluster = await Cluster.start(PROCESSES, { provider: provider.url, store: shared.settings });
  }, 60_000);

  afterEach(() => {
    provider.refreshes.length = 0;
  });

  afterAll(async () => {
    await cluster.close();
    await shared.close();
    await provider.close();
  });

  it.each([1, 2, 3])('refresh an expired token once (round %i)', async (round) => {
    const user = `user ${round}`;
    const key = { name: 'dev', user };
    await shared.store.save(key, provider.issueExpired(user));
    expect(outcomes(await cluster.storm(user, CALLS))).toEqual({ 200: CALLS });
    expect(provider.refreshes.map(({ isReuse }) => isReuse)).toEqual([false]);
    expect(provider.isRevoked(user)).toBe(false);
    expect(cluster.events).toEqual([]);
    expect(outcomes(await cluster.storm(user, PROCESSES))).toEqual({ 200: PROCESSES }); // with the saved token
    expect(provider.refreshes).toHaveLength(1);
  });

  it('replace a token once that the API refuses', async () => {
    await shared.store.save({ name: 'dev', user: 'refused' }, provider.issue('refused'));
    provider.forgetAccessToken('refused');
    expect(outcomes(await cluster.storm('refused', FEWER))).toEqual({ 200: FEWER });
    expect(provider.refreshes).toHaveLength(1);
  });

  it('fail with token_revoked after the grant is revoked, and notify the application once', async () => {
    await shared.store.save({ name: 'dev', user: 'gone' }, provider.issueExpired('gone'));
    provider.revoke('gone');
    const { token_revoked: revoked = 0, missing_token: missing = 0 } = outcomes(await cluster.storm('gone', FEWER));
    expect(revoked).toBeGreaterThan(0);
    expect(revoked + missing).toBe(FEWER);
    expect(cluster.events).toEqual([{ event: 'revoked', name: 'dev', user: 'gone' }]);
    expect(provider.refreshes).toHaveLength(1);
    expect(await shared.store.fetch({ name: 'dev', user: 'gone' })).toBeUndefined();
  });

  it('request one client_credentials token for all calls', async () => {
    const machines = await Cluster.start(2, {
      provider: provider.url,
      store: shared.settings,
      grantType: 'client_credentials',
    });
    expect(outcomes(await machines.storm(undefined, FEWER))).toEqual({ 200: FEWER });
    await machines.close();
    expect(provider.refreshes).toHaveLength(1);
  });
});
