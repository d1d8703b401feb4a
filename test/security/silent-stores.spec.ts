import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { OAuth1App, OAuth2App } from 'nestjs-oauth-client';
import type { TokenKey } from 'nestjs-oauth-client/stores';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { registryWith } from '../config/registry-with.js';
import { clientOf, oauth1ClientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';

/** A store that fails, or never responds. */
class BrokenStore extends MemoryTokenStore {
  constructor(private readonly answer: () => Promise<never>) {
    super();
  }

  override fetch(_key: TokenKey): Promise<never> {
    return this.answer();
  }
}

let provider: ScriptedProvider;

beforeEach(async () => {
  provider = await startScriptedProvider();
});

afterEach(async () => {
  jest.useRealTimers();
  await provider.close();
});

async function clients(tokenStore: BrokenStore): Promise<(() => Promise<unknown>)[]> {
  const two = clientOf(provider);
  const one = oauth1ClientOf(provider);
  const registry = await registryWith({ options: { clients: { one, two }, tokenStore } });
  return [
    () => registry.get<OAuth1App>('one').get('me', { user: 'ada' }),
    () => registry.get<OAuth2App>('two').get('me', { user: 'ada' }),
  ];
}

describe('a token store whose database is down', () => {
  it('an error of an API call names a token store that fails, with OAuth 1 and OAuth 2', async () => {
    const calls = await clients(new BrokenStore(() => Promise.reject(new Error('no connection'))));
    for (const call of calls) await expect(call()).rejects.toMatchObject({ error: 'token_store_error', status: 500 });
  });

  it('an error of an API call names a token store that never responds, with OAuth 1 and OAuth 2', async () => {
    const calls = await clients(new BrokenStore(() => new Promise<never>(() => undefined)));
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    for (const call of calls) {
      const ended = expect(call()).rejects.toMatchObject({ error: 'token_store_error', status: 500 });
      await jest.advanceTimersByTimeAsync(60_000);
      await ended;
    }
  });
});
