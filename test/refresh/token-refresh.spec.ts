import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ClientRegistration, OAuth2App, OAuth2Token, OAuthClientModuleOptions } from 'nestjs-oauth-client';
import type { RevokedToken, TokenKey, TokenStore, UnsavedToken } from 'nestjs-oauth-client/stores';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { registryWith } from '../config/registry-with.js';
import { clientAt } from '../providers/client-at.js';
import { startRotatingProvider, type RotatingProvider } from '../providers/rotating-provider.js';

const ADA: TokenKey = { name: 'dev', user: 'ada' };

let provider: RotatingProvider;
let store: MemoryTokenStore;

beforeEach(async () => {
  provider = await startRotatingProvider();
  store = new MemoryTokenStore();
});

afterEach(() => provider.close());

/** A process of the application: all that it shares with others is the store. */
async function startProcess(
  clientKwargs: object = {},
  options: OAuthClientModuleOptions = {},
  settings: Partial<ClientRegistration> = {},
): Promise<OAuth2App> {
  const client = {
    ...clientAt(provider),
    clientKwargs,
    ...settings,
  } as ClientRegistration;
  const registry = await registryWith({ options: { tokenStore: store, clients: { dev: client }, ...options } });
  return registry.get<OAuth2App>('dev');
}

/** A store with some methods of another's in the place of its own. */
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
  it('is the one of the user whom `user` or `userOf` names', async () => {
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

  it('needs somebody to say whose request it is, and says so', async () => {
    const dev = await startProcess();
    await expect(dev.get('user', { request: {} })).rejects.toThrow('userOf: missing');
  });

  it('is refreshed once by two processes, whatever they have read', async () => {
    await store.save(ADA, provider.issueExpired('ada'));
    const processes = await Promise.all([startProcess(), startProcess()]);
    const calls = processes.flatMap((dev) => [1, 2, 3].map(() => dev.get('user', { user: 'ada' })));
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(provider.refreshes).toHaveLength(1);
  });

  it('is read once for all who ask at once', async () => {
    await store.save(ADA, provider.issue('ada'));
    const fetch = jest.fn((key: TokenKey) => store.fetch(key));
    const dev = await startProcess({}, { tokenStore: storeWith({ fetch }) });
    await Promise.all(Array.from({ length: 20 }, () => dev.get('user', { user: 'ada' })));
    expect(fetch).toHaveBeenCalledTimes(1);
    await dev.get('user', { user: 'ada' });
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('takes no lock where there is nothing to refresh with', async () => {
    const { accessToken } = provider.issue('ada');
    const lock = jest.fn((key: TokenKey, lease: number) => store.lock(key, lease));
    const dev = await startProcess({}, { tokenStore: storeWith({ lock }) });
    await store.save(ADA, { accessToken, tokenType: 'bearer', expiresAt: Date.now() / 1000 + 30 });
    expect((await dev.get('user', { user: 'ada' })).status).toBe(200); // it lives, if not for long
    await store.save(ADA, { accessToken, tokenType: 'bearer', expiresAt: 1 });
    await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'token_expired', status: 401 });
    await store.remove(ADA);
    await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'missing_token', status: 401 });
    expect(lock).not.toHaveBeenCalled();
  });

  it('waits for one who refreshes, as long as it is told, and then says so', async () => {
    await store.save(ADA, provider.issueExpired('ada'));
    await store.lock(ADA, 60_000);
    const call = (await startProcess({ refreshTimeout: 0.2 })).get('user', { user: 'ada' });
    await expect(call).rejects.toMatchObject({ error: 'refresh_timeout', status: 503 });
    await expect(call).rejects.toThrow('was not there within 0.2 s (refresh_timeout)');
    expect(provider.refreshes).toHaveLength(0);
  });

  it('is used as it is while it lives, when it cannot be refreshed', async () => {
    const soon = { ...provider.issue('ada'), expiresAt: Math.floor(Date.now() / 1000) + 30 };
    await store.save(ADA, soon);
    provider.script(() => ({ status: 503 }));
    const dev = await startProcess();
    const calls = await Promise.all(Array.from({ length: 50 }, () => dev.get('user', { user: 'ada' })));
    expect(calls.every(({ status }) => status === 200)).toBe(true);
    expect(provider.refreshes).toHaveLength(1); // and then the provider is left alone
    expect((await dev.get('user', { user: 'ada' })).status).toBe(200);
    expect(provider.refreshes).toHaveLength(1);
  });
});

describe('a token that was refreshed', () => {
  it('is used, told of and saved again while the store cannot save', async () => {
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
    expect(await store.lock(ADA, 1000)).toMatchObject({ interrupted: false }); // freed when it was saved
  });

  it('is given to its callers when the store takes too long to save it', async () => {
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

  it('does not come back when the user has signed out meanwhile', async () => {
    await store.save(ADA, provider.issueExpired('ada'));
    provider.script(async (_attempt, process) => {
      await store.remove(ADA);
      return process();
    });
    const dev = await startProcess();
    expect((await dev.get('user', { user: 'ada' })).status).toBe(200); // the call that was under way
    expect(await stored()).toBeUndefined();
    await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'missing_token' });
  });

  it('is missing, not refused, for calls that got it in vain: the login ended meanwhile', async () => {
    await store.save(ADA, provider.issueExpired('ada'));
    provider.script(async (_attempt, process) => {
      const answer = process();
      await store.remove(ADA); // as another process does when the provider revokes the grant
      provider.forgetAccessToken('ada');
      return answer;
    });
    const dev = await startProcess();
    const calls = await Promise.allSettled([1, 2].map(() => dev.get('user', { user: 'ada' })));
    const refusal = expect.objectContaining({ error: 'missing_token', status: 401 });
    expect(calls).toEqual([1, 2].map(() => ({ status: 'rejected', reason: refusal })));
    expect(provider.refreshes).toHaveLength(1);
  });

  it('gives way to the one of a login that was finished meanwhile', async () => {
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

  it('is handed out even to who reads the old one, from a replica that is behind', async () => {
    const old = provider.issueExpired('ada');
    const version = (await store.save(ADA, old)) ?? '';
    const fetch = (): ReturnType<TokenStore['fetch']> => Promise.resolve({ token: old, version });
    const dev = await startProcess({}, { tokenStore: storeWith({ fetch }) });
    for (let call = 1; call <= 3; call++) expect((await dev.get('user', { user: 'ada' })).status).toBe(200);
    expect(provider.refreshes).toHaveLength(1);
  });
});

describe('a token that is refreshed ahead of its time', () => {
  const hour = 3600;

  it('is used as it is while a new one is fetched, which nobody waits for', async () => {
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
    ['younger', { refreshAhead: 0.8 }, { expiresAt: Math.floor(Date.now() / 1000) + hour * 0.25 }],
    ['off, as it is by default', {}, { expiresAt: Math.floor(Date.now() / 1000) + hour * 0.15 }],
    ['of an unknown lifetime', { refreshAhead: 0.8 }, { expiresIn: undefined }],
  ])('is not where it is %s', async (_what, kwargs, fields) => {
    await store.save(ADA, { ...provider.issue('ada'), ...fields });
    const dev = await startProcess(kwargs);
    expect((await dev.get('user', { user: 'ada' })).status).toBe(200);
    await dev.settled();
    expect(provider.refreshes).toHaveLength(0);
  });
});

describe('a token that the API refuses (401)', () => {
  it('is refreshed, and the call made once more with its body', async () => {
    await store.save(ADA, provider.issue('ada'));
    provider.forgetAccessToken('ada');
    const { status, data } = await (await startProcess()).post('user', { a: 1 }, { user: 'ada' });
    expect([status, data]).toEqual([200, { user: 'ada' }]);
    expect([provider.calls, provider.refreshes.length]).toEqual([{ 200: 1, 401: 1 }, 1]);
  });

  it('is not, for a call whose body cannot be sent again', async () => {
    await store.save(ADA, provider.issue('ada'));
    provider.forgetAccessToken('ada');
    const call = (await startProcess()).post('user', Readable.from(['a']), { user: 'ada' });
    await expect(call).rejects.toMatchObject({ answer: { status: 401 } });
    expect([provider.calls, provider.refreshes.length]).toEqual([{ 401: 1 }, 0]);
  });

  it('is not twice in a minute: what the API refuses then is not the token', async () => {
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

  it('is replaced by the one that another process has saved', async () => {
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

  it('stays, and so does the answer, when the provider is down', async () => {
    const token = provider.issue('ada');
    await store.save(ADA, token);
    provider.forgetAccessToken('ada');
    provider.script(() => 'hang up');
    const call = (await startProcess()).get('user', { user: 'ada' });
    await expect(call).rejects.toMatchObject({ answer: { status: 401 } });
    expect(await stored()).toEqual(token);
  });
});

describe('a login that is over', () => {
  it('is told of once, by the token that was removed', async () => {
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

  it('is not over when another process was faster', async () => {
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

  it('is asked for once where the application keeps the token itself, and told of once', async () => {
    const old = provider.issueExpired('ada');
    provider.revoke('ada');
    const onTokenRevoked = jest.fn<(revoked: RevokedToken) => void>();
    const dev = await startProcess({}, { tokenStore: undefined, fetchToken: () => old, onTokenRevoked });
    for (let call = 1; call <= 3; call++) {
      await expect(dev.get('user', { request: {} })).rejects.toMatchObject({ error: 'token_revoked', status: 401 });
    }
    expect([provider.refreshes.length, onTokenRevoked.mock.calls.length]).toEqual([1, 1]);
  });

  it('is over whatever the application does when it is told', async () => {
    await store.save(ADA, provider.issueExpired('ada'));
    provider.revoke('ada');
    const onTokenRevoked = () => Promise.reject(new Error('no mail server'));
    const dev = await startProcess({}, { onTokenRevoked });
    await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'token_revoked' });
  });
});

describe('a token that the application keeps itself', () => {
  it('is refreshed once, also for who still has the old one afterwards', async () => {
    const old = provider.issueExpired('ada');
    const updateToken = jest.fn();
    const dev = await startProcess({}, { tokenStore: undefined, updateToken });
    await Promise.all([1, 2, 3].map(() => dev.get('user', { token: old })));
    await dev.get('user', { token: old });
    expect([provider.refreshes.length, updateToken.mock.calls.length]).toEqual([1, 1]);
  });

  it('is not refreshed at every call of an API that refuses all tokens', async () => {
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

  it('is used, and saved again, when updateToken fails', async () => {
    const old = provider.issueExpired('ada');
    const updateToken = jest.fn<() => Promise<void>>().mockRejectedValueOnce(new Error('deadlock')).mockResolvedValue();
    const dev = await startProcess({}, { tokenStore: undefined, updateToken });
    expect((await dev.get('user', { token: old })).status).toBe(200);
    await dev.settled();
    expect([provider.refreshes.length, updateToken.mock.calls.length]).toEqual([1, 2]);
  });
});

describe('the client’s own token', () => {
  const settings = { grantType: 'client_credentials' } as Partial<ClientRegistration>;

  it('is one for all processes that share a store, and for one scope', async () => {
    const processes = await Promise.all([1, 2].map(() => startProcess({}, {}, settings)));
    await Promise.all(processes.map((dev) => dev.get('user')));
    expect(provider.refreshes).toHaveLength(1);
    await (await startProcess({ scope: 'more' }, {}, settings)).get('user');
    expect(provider.refreshes).toHaveLength(2);
  });

  it('is one a process where none is shared', async () => {
    const processes = await Promise.all([1, 2].map(() => startProcess({}, { tokenStore: undefined }, settings)));
    await Promise.all(processes.flatMap((dev) => [dev.get('user'), dev.get('user')]));
    await processes[0]!.get('user');
    expect(provider.refreshes).toHaveLength(2);
  });

  it('is fetched anew when the API refuses it', async () => {
    const dev = await startProcess({}, {}, settings);
    await dev.get('user');
    provider.forgetAccessToken('');
    expect((await dev.get('user')).status).toBe(200);
    expect(provider.refreshes).toHaveLength(2);
  });
});

it('says that the store failed, by an error of its own', async () => {
  const fetch = () => Promise.reject(new Error('connection refused to postgres://u:s3cret@db'));
  const dev = await startProcess({}, { tokenStore: storeWith({ fetch }) });
  const call = dev.get('user', { user: 'ada' });
  await expect(call).rejects.toMatchObject({ error: 'token_store_error', status: 500, cause: expect.anything() });
  await expect(call).rejects.not.toThrow('s3cret');
});

it('attack: a database’s error that has the token among its parameters tells nobody', async () => {
  const old = provider.issueExpired('ada');
  let secrets: string[] = [];
  const updateToken = (_name: string, token: OAuth2Token) => {
    if (secrets.length > 0) return Promise.resolve(); // saved again, which ends the attempts
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

it('does not wait for a store that does not answer', async () => {
  const dev = await startProcess(
    { refreshTimeout: 0.2 },
    { tokenStore: storeWith({ fetch: () => sleep(60_000, undefined, { ref: false }) }) },
  );
  await expect(dev.get('user', { user: 'ada' })).rejects.toMatchObject({ error: 'token_store_error' });
});
