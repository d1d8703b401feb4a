import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { startRotatingProvider, type RotatingProvider } from '../providers/rotating-provider.js';
import { Cluster, outcomes } from './cluster.js';
import { describeEachStore, openSharedStore, type SharedStore } from './stores.js';

const CALLS = 1000;
const FEWER = 200;
const PROCESSES = 4;

jest.setTimeout(60_000); // processes take their time to start

describeEachStore('a storm of calls from many processes, with the tokens in', (kind) => {
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

  it.each([1, 2, 3])('refreshes an expired token once (round %i)', async (round) => {
    const user = `user ${round}`;
    const key = { name: 'dev', user };
    await shared.store.save(key, provider.issueExpired(user));
    expect(outcomes(await cluster.storm(user, CALLS))).toEqual({ 200: CALLS });
    expect(provider.refreshes.map(({ isReuse }) => isReuse)).toEqual([false]);
    expect(provider.isRevoked(user)).toBe(false);
    expect(cluster.events).toEqual([]);
    expect(outcomes(await cluster.storm(user, PROCESSES))).toEqual({ 200: PROCESSES }); // by the token that was saved
    expect(provider.refreshes).toHaveLength(1);
  });

  it('replaces a token that the API refuses once', async () => {
    await shared.store.save({ name: 'dev', user: 'refused' }, provider.issue('refused'));
    provider.forgetAccessToken('refused');
    expect(outcomes(await cluster.storm('refused', FEWER))).toEqual({ 200: FEWER });
    expect(provider.refreshes).toHaveLength(1);
  });

  it('says of a grant that was taken back that the login is over, and tells the application once', async () => {
    await shared.store.save({ name: 'dev', user: 'gone' }, provider.issueExpired('gone'));
    provider.revoke('gone');
    const { token_revoked: revoked = 0, missing_token: missing = 0 } = outcomes(await cluster.storm('gone', FEWER));
    expect(revoked).toBeGreaterThan(0);
    expect(revoked + missing).toBe(FEWER);
    expect(cluster.events).toEqual([{ event: 'revoked', name: 'dev', user: 'gone' }]);
    expect(provider.refreshes).toHaveLength(1);
    expect(await shared.store.fetch({ name: 'dev', user: 'gone' })).toBeUndefined();
  });

  it('fetches the client’s own token once for all', async () => {
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
