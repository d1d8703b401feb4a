import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ClientRegistration, OAuth2App, OAuth2Token, OAuthClientModuleOptions } from 'nestjs-oauth-client';
import type { RevokedToken, TokenKey, TokenStore, UnsavedToken } from 'nestjs-oauth-client/stores';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { registryWith } from '../config/registry-with.js';
import { clientOf } from '../providers/client-of.js';
import { startRotatingProvider, type RotatingProvider } from '../providers/rotating-provider.js';

const ADA: TokenKey = { name: 'dev', user: 'ada' };

let provider: RotatingProvider;
let store: MemoryTokenStore;

beforeEach(async () => {
  provider = await startRotatingProvider();
  store = new MemoryTokenStore();
});

afterEach(() => provider.close());

/** Starts a process of the application, which shares only the store with other processes. */
async function startProcess(
  clientKwargs: object = {},
  options: OAuthClientModuleOptions = {},
  settings: Partial<ClientRegistration> = {},
): Promise<OAuth2App> {
  const client = clientOf(provider, { clientKwargs, ...settings });
  const registry = await registryWith({ options: { tokenStore: store, clients: { dev: client }, ...options } });
  return registry.get<OAuth2App>('dev');
}

/** Returns the store with some methods replaced. */
function storeWith(methods: Partial<TokenStore>): TokenStore {
  const own: TokenStore = {
    fetch: (key) => store.fetch(key),
    save: (key, token, expected) => store.save(key, token, expected),
    remove: (key, expected) => store.remove(key, expected),
    lock: (key, lease) => store.lock(key, lease),
  };
  return Object.assign(own, methods);
}

async function stored(): Promise<OAuth2Token | undefined> {
  return (await store.fetch(ADA))?.token as OAuth2Token | undefined;
}

describe('a token in a shared store', () => {
  it('belongs to the user that `user` or `userOf` names', async () => {
    await store.save(ADA, provider.issue('ada'));
    await store.save({ name: 'dev', user: 'grace' }, provider.issue('grace'));
    const dev = await startProcess({}, { userOf: ({ session }) => (session as { userId?: string }).userId });
    const names = await Promise.all([
      dev.get('user', { user: 'ada' }),
      dev.get('user', { request: { session: { userId: 'grace' } } }),
      dev.get('user', { user: 'ada', request: { session: { userId: 'grace' } } }),
    ]);
    expect(names.map(({ data }) => data)).toEqual([{ user: 'ada' }, { user: 'grace' }, { user: 'ada' }]);
    const nobody = dev.get('user', { request: { session: {} } });
    await expect(nobody).rejects.toMatchObject({ error: 'missing_token', status: 401 });
  });

  it('throws an error for a request without `userOf`', async () => {
    const dev = await startProcess();
    await expect(dev.get('user', { request: {} })).rejects.toThrow('userOf: missing');
  });

  it('is refreshed once if two processes have read it', async () => {
    await store.save(ADA, provider.issueExpired('ada'));
    const processes = await Promise.all([startProcess(), startProcess()]);
    const calls = processes.flatMap((dev) => [1, 2, 3].map(() => dev.get('user', { user: 'ada' })));
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(provider.refreshes).toHaveLength(1);
  });

  it('is read once for simultaneous calls', async () => {
    await store.save(ADA, provider.issue('ada'));
    const fetch = jest.fn((key: TokenKey) => store.fetch(key));
    const dev = await startProcess({}, { tokenStore: storeWith({ fetch }) });
    await Promise.all(Array.from({ length: 20 }, () => dev.get('user', { user: 'ada' })));
    expect(fetch).toHaveBeenCalledTimes(1);
    await dev.get('user', { user: 'ada' });
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('is not locked if it has no refresh token', async () => {
    const { accessToken } = provider.issue('ada');
    const lock = jest.fn((key: TokenKey, lease: number) => store.lock(key, lease));
    const dev = await startProcess({}, { tokenStore: storeWith({ lock }) });
    await store.save(ADA, { accessToken, tokenType: 'bearer', expiresAt: Date.now() / 1000 + 30 });
    expect((await dev.get('user', { user: 'ada' })).status).toBe(200); // the token has not expired yet
    await store.save(ADA, { accessToken, tokenType: 'bearer', expiresAt: 1 });
    await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'token_expired', status: 401 });
    await store.remove(ADA);
    await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'missing_token', status: 401 });
    expect(lock).not.toHaveBeenCalled();
  });

  it('waits for another process that refreshes it, and fails after refresh_timeout', async () => {
    await store.save(ADA, provider.issueExpired('ada'));
    await store.lock(ADA, 60_000);
    const call = (await startProcess({ refreshTimeout: 0.2 })).get('user', { user: 'ada' });
    await expect(call).rejects.toMatchObject({ error: 'refresh_timeout', status: 503 });
    await expect(call).rejects.toThrow('was not there within 0.2 s (refresh_timeout)');
    expect(provider.refreshes).toHaveLength(0);
  });

  it('is used until it expires if it cannot be refreshed', async () => {
    const soon = { ...provider.issue('ada'), expiresAt: Math.floor(Date.now() / 1000) + 30 };
    await store.save(ADA, soon);
    provider.script(() => ({ status: 503, headers: { 'retry-after': '60' } }));
    const dev = await startProcess();
    const calls = await Promise.all(Array.from({ length: 50 }, () => dev.get('user', { user: 'ada' })));
    expect(calls.every(({ status }) => status === 200)).toBe(true);
    expect(provider.refreshes).toHaveLength(1); // then refreshes are paused
    expect((await dev.get('user', { user: 'ada' })).status).toBe(200);
    expect(provider.refreshes).toHaveLength(1);
  });
});

describe('a refreshed token', () => {
  it('is used, passed to onTokenUnsaved and saved again if the store cannot save it', async () => {
    await store.save(ADA, provider.issueExpired('ada'));
    let failures = 3;
    const save: TokenStore['save'] = (key, token, expected) => {
      return failures-- > 0 ? Promise.reject(new Error('disk full')) : store.save(key, token, expected);
    };
    const onTokenUnsaved = jest.fn<(unsaved: UnsavedToken) => void>();
    const dev = await startProcess({}, { tokenStore: storeWith({ save }), onTokenUnsaved });
    expect((await dev.get('user', { user: 'ada' })).status).toBe(200);
    expect((await stored())?.expiresAt).toBe(1);
    expect((await dev.get('user', { user: 'ada' })).status).toBe(200);
    await dev.settled();
    const { token, error, name, user } = onTokenUnsaved.mock.calls[0]![0];
    expect([name, user, error.message]).toEqual(['dev', 'ada', expect.stringContaining('could not be saved')]);
    expect(await stored()).toEqual(token);
    expect([onTokenUnsaved.mock.calls.length, provider.refreshes.length]).toEqual([1, 1]);
    expect(await store.lock(ADA, 1000)).toMatchObject({ interrupted: false }); // released after the token was saved
  });

  it('is returned to its callers if the store takes too long to save it', async () => {
    await store.save(ADA, provider.issueExpired('ada'));
    let hangs = true;
    const save: TokenStore['save'] = (key, token, expected) => {
      return hangs ? new Promise(() => undefined) : store.save(key, token, expected);
    };
    const onTokenUnsaved = jest.fn();
    const dev = await startProcess({ refreshTimeout: 1 }, { tokenStore: storeWith({ save }), onTokenUnsaved });
    expect((await dev.get('user', { user: 'ada' })).status).toBe(200);
    expect(onTokenUnsaved).toHaveBeenCalledTimes(1);
    hangs = false;
    await dev.settled();
    expect((await stored())?.expiresAt).toBeGreaterThan(1);
  });

  it('is not saved if the user signed out during the refresh', async () => {
    await store.save(ADA, provider.issueExpired('ada'));
    provider.script(async (_attempt, process) => {
      await store.remove(ADA);
      return process();
    });
    const dev = await startProcess();
    expect((await dev.get('user', { user: 'ada' })).status).toBe(200); // the call that waited for the refresh
    expect(await stored()).toBeUndefined();
    await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'missing_token' });
  });

  it('is reported as missing, not as refused, if the login ended during the refresh', async () => {
    await store.save(ADA, provider.issueExpired('ada'));
    provider.script(async (_attempt, process) => {
      const answer = process();
      await store.remove(ADA); // as another process does after the provider revoked the grant
      provider.forgetAccessToken('ada');
      return answer;
    });
    const dev = await startProcess();
    const calls = await Promise.allSettled([1, 2].map(() => dev.get('user', { user: 'ada' })));
    const refusal = expect.objectContaining({ error: 'missing_token', status: 401 });
    expect(calls).toEqual([1, 2].map(() => ({ status: 'rejected', reason: refusal })));
    expect(provider.refreshes).toHaveLength(1);
  });

  it('is not saved over the token of a login that finished during the refresh', async () => {
    await store.save(ADA, provider.issueExpired('ada'));
    let fresh: OAuth2Token | undefined;
    provider.script(async (_attempt, process) => {
      const answer = process();
      fresh = provider.issue('ada');
      await store.save(ADA, fresh);
      return answer;
    });
    const dev = await startProcess();
    await dev.get('user', { user: 'ada' });
    expect(await stored()).toEqual(fresh);
  });

  it('is used by calls that read the old token from an outdated replica', async () => {
    const old = provider.issueExpired('ada');
    const version = (await store.save(ADA, old)) ?? '';
    const fetch = (): ReturnType<TokenStore['fetch']> => Promise.resolve({ token: old, version });
    const dev = await startProcess({}, { tokenStore: storeWith({ fetch }) });
    for (let call = 1; call <= 3; call++) expect((await dev.get('user', { user: 'ada' })).status).toBe(200);
    expect(provider.refreshes).toHaveLength(1);
  });
});

describe('a token that is refreshed ahead of its expiry', () => {
  const hour = 3600;

  it('is used while a new token is requested in the background', async () => {
    const old = { ...provider.issue('ada'), expiresAt: Math.floor(Date.now() / 1000) + hour * 0.15 };
    await store.save(ADA, old);
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    provider.script(async (_attempt, process) => {
      await answered;
      return process();
    });
    const dev = await startProcess({ refreshAhead: 0.8 });
    for (let call = 1; call <= 3; call++) expect((await dev.get('user', { user: 'ada' })).status).toBe(200);
    expect(await stored()).toEqual(old);
    answer();
    await dev.settled();
    expect((await stored())?.accessToken).not.toBe(old.accessToken);
    expect(provider.refreshes).toHaveLength(1);
  });

  it.each([
    ['it is too new', { refreshAhead: 0.8 }, { expiresAt: Math.floor(Date.now() / 1000) + hour * 0.25 }],
    ['refreshAhead is off by default', {}, { expiresAt: Math.floor(Date.now() / 1000) + hour * 0.15 }],
    ['its lifetime is unknown', { refreshAhead: 0.8 }, { expiresIn: undefined }],
  ])('is not refreshed if %s', async (_what, kwargs, fields) => {
    await store.save(ADA, { ...provider.issue('ada'), ...fields });
    const dev = await startProcess(kwargs);
    expect((await dev.get('user', { user: 'ada' })).status).toBe(200);
    await dev.settled();
    expect(provider.refreshes).toHaveLength(0);
  });
});

describe('a token that the API refuses (401)', () => {
  it('is refreshed, and the call is repeated with its body', async () => {
    await store.save(ADA, provider.issue('ada'));
    provider.forgetAccessToken('ada');
    const { status, data } = await (await startProcess()).post('user', { a: 1 }, { user: 'ada' });
    expect([status, data]).toEqual([200, { user: 'ada' }]);
    expect([provider.calls, provider.refreshes.length]).toEqual([{ 200: 1, 401: 1 }, 1]);
  });

  it('is not refreshed for a call whose body cannot be sent again', async () => {
    await store.save(ADA, provider.issue('ada'));
    provider.forgetAccessToken('ada');
    const call = (await startProcess()).post('user', Readable.from(['a']), { user: 'ada' });
    await expect(call).rejects.toMatchObject({ answer: { status: 401 } });
    expect([provider.calls, provider.refreshes.length]).toEqual([{ 401: 1 }, 0]);
  });

  it('is not refreshed twice in a minute', async () => {
    await store.save(ADA, provider.issue('ada'));
    const dev = await startProcess();
    for (let call = 1; call <= 3; call++) {
      provider.forgetAccessToken('ada');
      provider.script((_attempt, process) => {
        const answer = process();
        provider.forgetAccessToken('ada');
        return answer;
      });
      await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ answer: { status: 401 } });
    }
    expect([provider.calls, provider.refreshes.length]).toEqual([{ 401: 4 }, 1]);
  });

  it('is replaced with a token that another process saved', async () => {
    await store.save(ADA, provider.issue('ada'));
    const old = await store.fetch(ADA);
    const fresh = provider.issue('ada');
    let reads = 0;
    const fetch: TokenStore['fetch'] = (key) => (reads++ === 0 ? Promise.resolve(old) : store.fetch(key));
    await store.save(ADA, fresh);
    provider.revokeAccessToken(old!.token as OAuth2Token);
    const dev = await startProcess({}, { tokenStore: storeWith({ fetch }) });
    expect((await dev.get('user', { user: 'ada' })).status).toBe(200);
    expect(provider.refreshes).toHaveLength(0);
  });

  it('is kept, and the call fails with 401, if the provider is down', async () => {
    const token = provider.issue('ada');
    await store.save(ADA, token);
    provider.forgetAccessToken('ada');
    provider.script(() => 'hang up');
    const call = (await startProcess()).get('user', { user: 'ada' });
    await expect(call).rejects.toMatchObject({ answer: { status: 401 } });
    expect(await stored()).toEqual(token);
  });
});

describe('a login that the provider ended', () => {
  it('is passed to onTokenRevoked once, with the removed token', async () => {
    const old = provider.issueExpired('ada');
    await store.save(ADA, old);
    provider.revoke('ada');
    const onTokenRevoked = jest.fn<(revoked: RevokedToken) => void>();
    const processes = await Promise.all([startProcess({}, { onTokenRevoked }), startProcess({}, { onTokenRevoked })]);
    const calls = processes.flatMap((dev) => [1, 2].map(() => dev.get('user', { user: 'ada' })));
    const errors = (await Promise.allSettled(calls)).map((call) => (call as PromiseRejectedResult).reason as object);
    expect(errors.filter((error) => 'error' in error && error.error === 'token_revoked').length).toBeGreaterThan(0);
    expect(onTokenRevoked).toHaveBeenCalledTimes(1);
    expect(onTokenRevoked.mock.calls[0]![0]).toMatchObject({ name: 'dev', user: 'ada', token: old });
    expect([provider.refreshes.length, await stored()]).toEqual([1, undefined]);
  });

  it('is kept if another process saved a new token', async () => {
    await store.save(ADA, provider.issueExpired('ada'));
    const fresh = provider.issue('ada');
    provider.script(async () => {
      await store.save(ADA, fresh);
      return { status: 400, json: { error: 'invalid_grant' } };
    });
    const onTokenRevoked = jest.fn();
    const dev = await startProcess({}, { onTokenRevoked });
    expect((await dev.get('user', { user: 'ada' })).status).toBe(200);
    expect(onTokenRevoked).not.toHaveBeenCalled();
    expect(await stored()).toEqual(fresh);
  });

  it('is refreshed once and passed to onTokenRevoked once if the application keeps the token', async () => {
    const old = provider.issueExpired('ada');
    provider.revoke('ada');
    const onTokenRevoked = jest.fn<(revoked: RevokedToken) => void>();
    const dev = await startProcess({}, { tokenStore: undefined, fetchToken: () => old, onTokenRevoked });
    for (let call = 1; call <= 3; call++) {
      await expect(dev.get('user', { request: {} })).rejects.toMatchObject({ error: 'token_revoked', status: 401 });
    }
    expect([provider.refreshes.length, onTokenRevoked.mock.calls.length]).toEqual([1, 1]);
  });

  it('is ended even if onTokenRevoked throws', async () => {
    await store.save(ADA, provider.issueExpired('ada'));
    provider.revoke('ada');
    const onTokenRevoked = () => Promise.reject(new Error('no mail server'));
    const dev = await startProcess({}, { onTokenRevoked });
    await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'token_revoked' });
  });
});

describe('a token that the application keeps', () => {
  it('is refreshed once, even for later calls with the old token', async () => {
    const old = provider.issueExpired('ada');
    const updateToken = jest.fn();
    const dev = await startProcess({}, { tokenStore: undefined, updateToken });
    await Promise.all([1, 2, 3].map(() => dev.get('user', { token: old })));
    await dev.get('user', { token: old });
    expect([provider.refreshes.length, updateToken.mock.calls.length]).toEqual([1, 1]);
  });

  it('is not refreshed at every call if the API refuses all tokens', async () => {
    let kept = provider.issue('ada');
    provider.forgetAccessToken('ada');
    provider.script((_attempt, process) => {
      const answer = process();
      provider.forgetAccessToken('ada');
      return answer;
    });
    const updateToken = (_name: string, token: OAuth2Token) => (kept = token);
    const dev = await startProcess({}, { tokenStore: undefined, fetchToken: () => kept, updateToken });
    for (let call = 1; call <= 3; call++) {
      await expect(dev.get('user', { request: {} })).rejects.toMatchObject({ answer: { status: 401 } });
    }
    expect(provider.refreshes).toHaveLength(1);
  });

  it('is used and saved again if updateToken fails', async () => {
    const old = provider.issueExpired('ada');
    const updateToken = jest.fn<() => Promise<void>>().mockRejectedValueOnce(new Error('deadlock')).mockResolvedValue();
    const dev = await startProcess({}, { tokenStore: undefined, updateToken });
    expect((await dev.get('user', { token: old })).status).toBe(200);
    await dev.settled();
    expect([provider.refreshes.length, updateToken.mock.calls.length]).toEqual([1, 2]);
  });
});

describe('a client_credentials token', () => {
  const settings = { grantType: 'client_credentials' } as Partial<ClientRegistration>;

  it('is requested once for each scope by processes that share a store', async () => {
    const processes = await Promise.all([1, 2].map(() => startProcess({}, {}, settings)));
    await Promise.all(processes.map((dev) => dev.get('user')));
    expect(provider.refreshes).toHaveLength(1);
    await (await startProcess({ scope: 'more' }, {}, settings)).get('user');
    expect(provider.refreshes).toHaveLength(2);
  });

  it('is requested once by each process without a shared store', async () => {
    const processes = await Promise.all([1, 2].map(() => startProcess({}, { tokenStore: undefined }, settings)));
    await Promise.all(processes.flatMap((dev) => [dev.get('user'), dev.get('user')]));
    await processes[0]!.get('user');
    expect(provider.refreshes).toHaveLength(2);
  });

  it('is requested again if the API refuses it', async () => {
    const dev = await startProcess({}, {}, settings);
    await dev.get('user');
    provider.forgetAccessToken('');
    expect((await dev.get('user')).status).toBe(200);
    expect(provider.refreshes).toHaveLength(2);
  });
});

it('throws token_store_error if the store fails', async () => {
  const fetch = () => Promise.reject(new Error('connection refused to postgres://u:s3cret@db'));
  const dev = await startProcess({}, { tokenStore: storeWith({ fetch }) });
  const call = dev.get('user', { user: 'ada' });
  await expect(call).rejects.toMatchObject({ error: 'token_store_error', status: 500, cause: expect.anything() });
  await expect(call).rejects.not.toThrow('s3cret');
});

it('does not show a token that is a parameter of a database error', async () => {
  const old = provider.issueExpired('ada');
  let secrets: string[] = [];
  const updateToken = (_name: string, token: OAuth2Token) => {
    if (secrets.length > 0) return Promise.resolve(); // the second attempt succeeds
    secrets = [token.accessToken, token.refreshToken ?? ''];
    return Promise.reject(Object.assign(new Error('deadlock detected'), { parameters: secrets }));
  };
  const onTokenUnsaved = jest.fn<(unsaved: UnsavedToken) => void>();
  const dev = await startProcess({}, { tokenStore: undefined, updateToken, onTokenUnsaved });
  await dev.get('user', { token: old });
  const { error } = onTokenUnsaved.mock.calls[0]![0];
  const shown = inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error) + String(error.stack);
  expect(shown).toContain('deadlock detected');
  expect(secrets.filter((secret) => secret === '' || shown.includes(secret))).toEqual([]);
});

it('does not wait for a store that does not respond', async () => {
  const dev = await startProcess(
    { refreshTimeout: 0.2 },
    { tokenStore: storeWith({ fetch: () => sleep(60_000, undefined, { ref: false }) }) },
  );
  await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'token_store_error' });
});
