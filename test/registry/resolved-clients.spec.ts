import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ForbiddenException, Logger } from '@nestjs/common';
import { inspect } from 'node:util';
import {
  OAuth1App,
  OAuth2App,
  OAuthConfigError,
  type OAuthClientModuleOptions,
  type OAuthRegistry,
} from 'nestjs-oauth-client';
import { registryWith } from '../config/registry-with.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';

const MINUTE = 60_000;
const OAUTH2 = {
  clientId: 'dev',
  authorizeUrl: 'https://provider.test/authorize',
  accessTokenUrl: 'https://provider.test/token',
};

type Resolver = (name: string) => unknown;

/** The names for which the resolver was called. */
let asked: string[];
let milliseconds: number;

beforeEach(() => {
  asked = [];
  milliseconds = 0;
  const start = performance.now();
  jest.spyOn(performance, 'now').mockImplementation(() => start + milliseconds);
});

afterEach(() => void jest.restoreAllMocks());

async function registryOf(resolve: Resolver, options: OAuthClientModuleOptions = {}): Promise<OAuthRegistry> {
  const resolveClient = (name: string): unknown => {
    asked.push(name);
    return resolve(name);
  };
  return registryWith({ options: { resolveClient, ...options } });
}

/** Settings whose client identifier names the tenant. */
function tenant(name: string, more: object = {}): object {
  return { ...OAUTH2, clientId: `client of ${name}`, ...more };
}

function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** A promise that a test settles. */
function pending<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve = (_: T): void => undefined;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}

describe('registry.resolve()', () => {
  it('returns a configured or a registered client without a call of resolveClient', async () => {
    const registry = await registryOf(tenant, { clients: { one: OAUTH2 } });
    registry.register('two', OAUTH2);
    expect(await registry.resolve('one')).toBe(registry.get('one'));
    expect(await registry.resolve('two')).toBe(registry.get('two'));
    expect(asked).toEqual([]);
  });

  it('returns a client that resolveClient describes, of either protocol and of a custom class', async () => {
    class TenantApp extends OAuth2App {
      static readonly settings = { clientKwargs: { scope: 'of the class' } };
    }
    const registry = await registryOf((name) => {
      if (name === 'old') return Promise.resolve({ ...OAUTH2, requestTokenUrl: 'https://provider.test/request' });
      return tenant(name, name === 'custom' ? { appClass: TenantApp } : {});
    });
    expect(await registry.resolve('old')).toBeInstanceOf(OAuth1App);
    expect(await registry.resolve('acme')).toMatchObject({ name: 'acme', clientId: 'client of acme' });
    const custom = await registry.resolve<TenantApp>('custom');
    expect(custom).toBeInstanceOf(TenantApp);
    expect((await custom.createAuthorizationUrl()).url).toContain('scope=of%20the%20class');
  });

  it('calls resolveClient as a method of the options', async () => {
    const options = {
      configKey: 'A_KEY',
      resolveClient(this: OAuthClientModuleOptions, name: string) {
        return tenant(`${this.configKey} ${name}`);
      },
    };
    const registry = await registryWith({ options });
    expect((await registry.resolve('acme')).clientId).toBe('client of A_KEY acme');
  });

  it('does not add the client to the names, to has() and to get()', async () => {
    const registry = await registryOf(tenant, { clients: { one: OAUTH2 } });
    await registry.resolve('acme');
    expect(registry.names).toEqual(['one']);
    expect(registry.has('acme')).toBe(false);
    expect(() => registry.get('acme')).toThrow('there is no client "acme". Configured clients: one');
  });

  it.each([undefined, null])(
    'throws that there is no client when resolveClient returns %p, and asks again',
    async (no) => {
      const registry = await registryOf(() => no);
      for (const round of [1, 2]) {
        const error = await failure(registry.resolve('acme'));
        expect([round, error]).toEqual([round, expect.any(OAuthConfigError)]);
        expect(error).toMatchObject({ message: expect.stringContaining('there is no client "acme"') });
      }
      expect(asked).toEqual(['acme', 'acme']);
    },
  );

  it('throws that there is no client without resolveClient', async () => {
    const registry = await registryWith({ options: { clients: { one: OAUTH2 } } });
    expect(await failure(registry.resolve('acme'))).toMatchObject({
      message: expect.stringContaining('there is no client "acme". Configured clients: one'),
    });
  });

  it('works with a machine client', async () => {
    const provider = await startScriptedProvider();
    try {
      provider.on('POST /token', () => ({ json: { access_token: 'machine', token_type: 'bearer' } }));
      provider.on('GET /me', ({ headers }) => ({ json: headers.authorization }));
      const settings = {
        clientId: 'machine',
        clientSecret: 'secret',
        grantType: 'client_credentials',
        accessTokenUrl: `${provider.url}/token`,
        apiBaseUrl: provider.url,
        allowInsecureHttp: true,
      };
      const registry = await registryOf(() => settings, { allowPrivateNetwork: true });
      const calls = [1, 2].map(async () => (await (await registry.resolve('robot')).get('/me')).data);
      expect(await Promise.all(calls)).toEqual(['Bearer machine', 'Bearer machine']);
      expect(provider.requests.filter(({ path }) => path === '/token')).toHaveLength(1);
    } finally {
      await provider.close();
    }
  });
});

describe('the cache of resolved clients', () => {
  it('calls resolveClient once for concurrent requests of a name', async () => {
    const answer = pending<object>();
    const registry = await registryOf(() => answer.promise);
    const apps = Promise.all([registry.resolve('acme'), registry.resolve('acme'), registry.resolve('acme')]);
    answer.resolve(tenant('acme'));
    const [first, ...others] = await apps;
    expect(others).toEqual([first, first]);
    expect(asked).toEqual(['acme']);
    expect(await registry.resolve('acme')).toBe(first);
  });

  it('calls resolveClient again after five minutes, and keeps the app when the settings are equal', async () => {
    const registry = await registryOf((name) =>
      tenant(name, { client_kwargs: { scope: 'a' }, authorizeParams: { x: 1 } }),
    );
    const app = await registry.resolve('acme');
    milliseconds += 5 * MINUTE - 1;
    expect(await registry.resolve('acme')).toBe(app);
    expect(asked).toHaveLength(1);
    for (const round of [2, 3]) {
      milliseconds += 5 * MINUTE;
      expect(await registry.resolve('acme')).toBe(app);
      expect(asked).toHaveLength(round);
    }
  });

  it.each<[string, object, object]>([
    ['a value', { clientSecret: 'one' }, { clientSecret: 'two' }],
    ['a nested value', { client_kwargs: { scope: 'a' } }, { client_kwargs: { scope: 'b' } }],
    ['an item of a list', { apiOrigins: ['https://a.test'] }, { apiOrigins: ['https://b.test'] }],
    ['an added key', {}, { clientSecret: 'two' }],
    ['a removed key', { authorizeParams: { a: '1', b: '2' } }, { authorizeParams: { a: '1' } }],
    ['a renamed key', { authorizeParams: { a: '1' } }, { authorizeParams: { b: '1' } }],
    ['the class', { appClass: class extends OAuth2App {} }, { appClass: class extends OAuth2App {} }],
    ['a function', { complianceFix: () => undefined }, { complianceFix: () => undefined }],
  ])('builds a new app when %s of the settings has changed', async (_, before, after) => {
    let settings = before;
    const registry = await registryOf((name) => tenant(name, settings));
    const app = await registry.resolve('acme');
    settings = after;
    milliseconds += 5 * MINUTE;
    const next = await registry.resolve('acme');
    expect(next).not.toBe(app);
    expect(await registry.resolve('acme')).toBe(next);
  });

  it('notices a change when resolveClient returns the same object each time', async () => {
    const settings = { ...OAUTH2, authorizeParams: { prompt: 'login' } };
    const registry = await registryOf(() => settings);
    const app = await registry.resolve('acme');
    settings.authorizeParams.prompt = 'consent';
    expect((await app.createAuthorizationUrl()).url).toContain('prompt=login');
    milliseconds += 5 * MINUTE;
    expect((await (await registry.resolve('acme')).createAuthorizationUrl()).url).toContain('prompt=consent');
  });

  it('keeps an app whose settings contain functions that are defined once', async () => {
    const complianceFix = (): void => undefined;
    const registry = await registryOf((name) => tenant(name, { complianceFix }));
    const app = await registry.resolve('acme');
    milliseconds += 5 * MINUTE;
    expect(await registry.resolve('acme')).toBe(app);
  });

  it('drops a client that no longer exists', async () => {
    let exists = true;
    const registry = await registryOf((name) => (exists ? tenant(name) : undefined));
    await registry.resolve('acme');
    exists = false;
    milliseconds += 5 * MINUTE;
    expect(await failure(registry.resolve('acme'))).toBeInstanceOf(OAuthConfigError);
    expect(registry.forget('acme')).toBe(false);
  });

  it('is not frozen or emptied by a change of the clock', async () => {
    const registry = await registryOf(tenant);
    await registry.resolve('acme');
    const { now } = Date;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + 24 * 60 * MINUTE);
    await registry.resolve('acme');
    expect(asked).toHaveLength(1);
    jest.spyOn(Date, 'now').mockImplementation(() => now() - 24 * 60 * MINUTE);
    milliseconds += 5 * MINUTE;
    await registry.resolve('acme');
    expect(asked).toHaveLength(2);
  });

  it('keeps 1,000 clients, and evicts those that were not used', async () => {
    const registry = await registryOf(tenant);
    const used = await registry.resolve('used');
    for (let index = 0; index < 3_000; index++) {
      await registry.resolve(`tenant-${index}`);
      if (index % 100 === 0) await registry.resolve('used');
    }
    expect(await registry.resolve('used')).toBe(used);
    const cached = Array.from({ length: 3_000 }, (_, index) => registry.forget(`tenant-${index}`)).filter(Boolean);
    expect(cached).toHaveLength(999);
    expect(asked).toHaveLength(3_001);
  });
});

describe('registry.forget()', () => {
  it('makes the next use call resolveClient again, and returns whether the client was cached', async () => {
    let version = 1;
    const registry = await registryOf((name) => tenant(`${name} ${version}`));
    expect(registry.forget('acme')).toBe(false);
    await registry.resolve('acme');
    version = 2;
    expect(registry.forget('acme')).toBe(true);
    expect(registry.forget('acme')).toBe(false);
    expect((await registry.resolve('acme')).clientId).toBe('client of acme 2');
  });

  it('ignores the answer of a call that is running, because its settings may be old', async () => {
    const old = pending<object>();
    const registry = await registryOf(() => (asked.length === 1 ? old.promise : tenant('new')));
    const early = registry.resolve('acme');
    registry.forget('acme');
    const late = registry.resolve('acme');
    old.resolve(tenant('old'));
    expect((await late).clientId).toBe('client of new');
    expect(await early).toBe(await late);
    expect(await registry.resolve('acme')).toBe(await late);
  });

  it('does not remove a configured client', async () => {
    const registry = await registryOf(tenant, { clients: { one: OAUTH2 } });
    const app = registry.get('one');
    expect(registry.forget('one')).toBe(false);
    expect(registry.get('one')).toBe(app);
  });
});

describe('a client that is registered beside resolveClient', () => {
  it('replaces a resolved client of its name, and is replaced by it after unregister()', async () => {
    const registry = await registryOf(tenant);
    await registry.resolve('acme');
    registry.register('acme', { ...OAUTH2, clientId: 'registered' });
    expect(await registry.resolve('acme')).toBe(registry.get('acme'));
    registry.unregister('acme');
    expect((await registry.resolve('acme')).clientId).toBe('client of acme');
    expect(asked).toHaveLength(2);
  });

  it('is returned if resolveClient registers it', async () => {
    const registry: OAuthRegistry = await registryOf((name) => {
      registry.register(name, { ...OAUTH2, clientId: 'registered' });
      return tenant(name);
    });
    await registry.resolve('acme');
    expect(await registry.resolve('acme')).toBe(registry.get('acme'));
  });

  it('is returned to callers that waited for resolveClient while it was registered', async () => {
    const answer = pending<object>();
    const registry = await registryOf(() => answer.promise);
    const waiting = registry.resolve('acme');
    registry.register('acme', { ...OAUTH2, clientId: 'registered' });
    answer.resolve(tenant('acme'));
    expect(await waiting).toBe(registry.get('acme'));
  });
});

describe('a failing resolveClient', () => {
  it('causes an OAuthConfigError with the error as its cause, without its message, and is called again', async () => {
    class QueryFailedError extends Error {
      override name = 'QueryFailedError';
    }
    const registry = await registryOf((name) => {
      if (asked.length === 1) throw new QueryFailedError('password s3cret refused');
      if (asked.length === 2) return Promise.reject(new QueryFailedError('password s3cret refused'));
      return tenant(name);
    });
    for (const how of ['throws', 'rejects']) {
      const error = await failure(registry.resolve('acme'));
      expect([how, error]).toEqual([how, expect.any(OAuthConfigError)]);
      expect(error).toMatchObject({
        status: 500,
        faults: ['resolveClient("acme") threw QueryFailedError; see the stack of the cause'],
        cause: { name: 'QueryFailedError', stack: expect.stringContaining('resolved-clients.spec') },
      });
      expect(inspect(error)).not.toContain('s3cret');
    }
    expect((await registry.resolve('acme')).clientId).toBe('client of acme');
  });

  it('passes on an HttpException of the application', async () => {
    const exception = new ForbiddenException('This tenant has not paid.');
    const registry = await registryOf(() => Promise.reject(exception));
    expect(await failure(registry.resolve('acme'))).toBe(exception);
  });

  it('does not fall back to a client whose settings are older than five minutes', async () => {
    let isDown = false;
    const registry = await registryOf((name) => (isDown ? Promise.reject(new Error('down')) : tenant(name)));
    const app = await registry.resolve('acme');
    isDown = true;
    milliseconds += 5 * MINUTE;
    expect(await failure(registry.resolve('acme'))).toBeInstanceOf(OAuthConfigError);
    isDown = false;
    expect(await registry.resolve('acme')).toBe(app);
  });

  it('counts as failed after ten seconds without an answer, and does not delay other clients', async () => {
    jest.useFakeTimers({ doNotFake: ['performance', 'nextTick', 'queueMicrotask', 'setImmediate'] });
    try {
      const never = new Promise<object>(() => undefined);
      const registry = await registryOf((name) => (name === 'slow' && asked.length === 1 ? never : tenant(name)));
      const slow = failure(registry.resolve('slow'));
      expect((await registry.resolve('acme')).clientId).toBe('client of acme');
      await jest.advanceTimersByTimeAsync(10_000);
      expect(await slow).toMatchObject({
        status: 500,
        faults: [expect.stringContaining('resolveClient("slow") did not respond within 10 seconds')],
      });
      expect((await registry.resolve('slow')).clientId).toBe('client of slow');
    } finally {
      jest.useRealTimers();
    }
  });

  it.each<[string, unknown, string]>([
    ['faults', { ...OAUTH2, clientId: '', authorizeUrl: 'x' }, 'acme.authorize_url: expected an absolute'],
    ['a string', 'settings', 'acme: expected an object of settings'],
    ['a list', [OAUTH2], 'acme: expected an object of settings'],
    [
      'a class of the other protocol',
      { ...OAUTH2, appClass: OAuth1App },
      'acme.appClass: expected a class that extends',
    ],
    ['no credentials', { ...OAUTH2, clientId: undefined }, 'acme.client_id: missing'],
  ])('reports and logs %s instead of settings, and is asked again', async (_, settings, fault) => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const registry = await registryOf((name) => (asked.length === 1 ? settings : tenant(name)));
    expect(await failure(registry.resolve('acme'))).toMatchObject({
      status: 500,
      faults: expect.arrayContaining([expect.stringContaining(fault)]),
    });
    expect(error).toHaveBeenCalledTimes(1);
    expect(error).toHaveBeenCalledWith(expect.stringMatching(/^operation failed client=acme .*step=resolve_client/));
    expect((await registry.resolve('acme')).clientId).toBe('client of acme');
  });
});

describe('a shutdown', () => {
  let provider: ScriptedProvider;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('GET /me', () => ({ json: {} }));
  });

  afterEach(() => provider.close());

  it.each(['in the cache', 'forgotten', 'evicted', 'replaced'] as const)(
    'waits for the refreshes of a resolved client that is %s',
    async (how) => {
      const reached = pending<true>();
      const answer = pending<true>();
      provider.on('POST /token', async () => {
        reached.resolve(true);
        await answer.promise;
        return { json: { access_token: 'new', token_type: 'bearer' } };
      });
      const order: string[] = [];
      const slow = {
        clientId: 'slow',
        authorizeUrl: `${provider.url}/authorize`,
        accessTokenUrl: `${provider.url}/token`,
        apiBaseUrl: provider.url,
        allowInsecureHttp: true,
        updateToken: () => void order.push('saved'),
      };
      const registry = await registryOf((name) => (name === 'slow' && asked.length === 1 ? slow : tenant(name)), {
        allowPrivateNetwork: true,
      });
      const app = await registry.resolve('slow');
      const token = { accessToken: 'old', tokenType: 'bearer', refreshToken: 'r', expiresAt: 1 };
      const call = app.get('/me', { token });
      await reached.promise;
      if (how === 'forgotten') registry.forget('slow');
      if (how === 'evicted') {
        for (let index = 0; index < 2_001; index++) await registry.resolve(`tenant-${index}`);
        expect(registry.forget('slow')).toBe(false);
      }
      if (how === 'replaced') {
        milliseconds += 5 * MINUTE;
        expect(await registry.resolve('slow')).not.toBe(app);
      }
      const stopped = registry.onModuleDestroy().then(() => order.push('stopped'));
      answer.resolve(true);
      await Promise.all([call, stopped]);
      expect(order).toEqual(['saved', 'stopped']);
    },
  );
});

describe('the options for resolved clients', () => {
  it.each([
    [{ resolveClient: {} }, 'resolveClient: expected a function'],
    [{ resolveClient: 'tenants' }, 'resolveClient: expected a function'],
    [{ allowPrivateNetwork: 'yes' }, 'allowPrivateNetwork: expected true or false'],
    [
      { allowPrivateNetwork: true, blockPrivateNetworks: true },
      'allowPrivateNetwork: contradicts blockPrivateNetworks',
    ],
  ])('are refused at start-up if they are %j', async (options, fault) => {
    await expect(registryWith({ options })).rejects.toThrow(fault);
  });
});
