import { afterEach, expect, it } from '@jest/globals';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { registryWith } from '../config/registry-with.js';
import { clientOf } from '../providers/client-of.js';
import { startRotatingProvider, type RotatingProvider } from '../providers/rotating-provider.js';

let provider: RotatingProvider;

afterEach(() => provider.close());

it('finishes a background refresh and saves its token before the application stops', async () => {
  provider = await startRotatingProvider({ latency: 200 });
  const tokenStore = new MemoryTokenStore();
  const key = { name: 'dev', user: 'ada' };
  const old = provider.issue('ada');
  await tokenStore.save(key, { ...old, expiresAt: Date.now() / 1000 + 600 }); // of one hour
  const registry = await registryWith({
    options: { tokenStore, clients: { dev: clientOf(provider, { clientKwargs: { refreshAhead: 0.8 } }) } },
  });
  const { status } = await registry.get('dev').get('user', { user: 'ada' });
  await registry.onModuleDestroy();
  expect(status).toBe(200);
  expect(provider.refreshes).toHaveLength(1);
  expect(await tokenStore.fetch(key)).not.toMatchObject({ token: { accessToken: old.accessToken } });
});
