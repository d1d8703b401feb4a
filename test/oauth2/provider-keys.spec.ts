import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HttpClient } from '../../lib/http/http-client.js';
import { ProviderKeys } from '../../lib/oauth2/provider/provider-keys.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';

describe('the keys of a provider', () => {
  let provider: ScriptedProvider;
  let keys: ProviderKeys;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    publish('first');
    keys = new ProviderKeys(new HttpClient([], {}));
    jest.useFakeTimers({ now: 1_000_000, doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask'] });
  });

  afterEach(async () => {
    jest.useRealTimers();
    await provider.close();
  });

  function publish(kid: string): void {
    provider.on('GET /jwks', () => ({ json: { keys: [{ kty: 'RSA', kid }] } }));
  }

  async function read(): Promise<unknown> {
    const response = await keys.fetch(`${provider.url}/jwks`);
    return ((await response.json()) as { keys: { kid: string }[] }).keys[0]?.kid;
  }

  it('are fetched with one request for simultaneous calls, and not again within a minute', async () => {
    expect(await Promise.all([read(), read(), read()])).toEqual(['first', 'first', 'first']);
    publish('second');
    jest.setSystemTime(1_000_000 + 59_000);
    expect([await read(), provider.requests.length]).toEqual(['first', 1]);
    jest.setSystemTime(1_000_000 + 60_000);
    expect([await read(), provider.requests.length]).toEqual(['second', 2]);
  });

  it.each([
    ['is down', { status: 503 }],
    ['answers something else', { json: { keys: 'none' } }],
    ['answers no JSON', { body: '<html>' }],
  ])('are the last valid keys while the provider %s, and are requested once a minute', async (_, reply) => {
    await read();
    provider.on('GET /jwks', () => reply);
    jest.setSystemTime(1_000_000 + 300_000);
    for (const kid of ['first', 'first', 'first']) expect(await read()).toBe(kid);
    expect(provider.requests).toHaveLength(2);
    publish('second');
    jest.setSystemTime(1_000_000 + 360_000);
    expect(await read()).toBe('second');
  });

  it('are requested again immediately if they were never read', async () => {
    provider.on('GET /jwks', () => ({ status: 503 }));
    await expect(read()).rejects.toThrow('answered 503, not a JWK Set');
    publish('first');
    expect(await read()).toBe('first');
  });

  it('are kept separately for each URL', async () => {
    await read();
    provider.on('GET /other', () => ({ json: { keys: [{ kty: 'RSA', kid: 'other' }] } }));
    const response = await keys.fetch(`${provider.url}/other`);
    expect(await response.json()).toEqual({ keys: [{ kty: 'RSA', kid: 'other' }] });
  });
});
