import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Param, Req } from '@nestjs/common';
import type { Request } from 'express';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { DataSource } from 'typeorm';
import {
  OAuthRegistry,
  type ProviderError,
  type ClientRegistration,
  type OAuth2App,
  type OAuth2Token,
  type OAuthClientModuleOptions,
} from 'nestjs-oauth-client';
import { EncryptedTokenStore, type TokenStore } from 'nestjs-oauth-client/stores';
import { RedisTokenStore } from 'nestjs-oauth-client/redis';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { OAuthTokenLockEntity, TypeOrmTokenStore } from 'nestjs-oauth-client/typeorm';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { describeWithPostgres, describeWithRedis, usePostgres, useRedis } from '../support/engines.js';
import { testApp, type TestApp } from '../support/test-app.js';

const HOUR = 3_600_000;

@Controller()
class ApiController {
  constructor(private readonly registry: OAuthRegistry) {}

  @Get(':provider/me')
  async me(@Param('provider') provider: string, @Req() request: Request): Promise<unknown> {
    const { data } = await this.registry.get(provider).get('me', { request });
    return data;
  }
}

let provider: ScriptedProvider;
let app: TestApp | undefined;
let store: TokenStore;
let revoked: string[];

beforeEach(async () => {
  provider = await startScriptedProvider();
  provider.on('POST /token', () => ({ json: { access_token: randomUUID(), token_type: 'bearer', expires_in: 3600 } }));
  provider.on('GET /me', () => ({ json: { ok: true } }));
  store = new MemoryTokenStore();
  revoked = [];
});

afterEach(async () => {
  jest.restoreAllMocks();
  await app?.close();
  await provider.close();
});

/** Starts an application that reads the user id from the header `x-user`. */
async function start(
  options: OAuthClientModuleOptions = {},
  clients: Record<string, Partial<ClientRegistration>> = { dev: {} },
): Promise<OAuth2App> {
  const named = Object.entries(clients).map(([name, client]) => [
    name,
    clientOf(provider, { apiBaseUrl: provider.url, ...client }),
  ]);
  app = await testApp({
    clients: Object.fromEntries(named) as Record<string, ClientRegistration>,
    tokenStore: store,
    userOf: (request) => (request as Request).headers['x-user'] as string | undefined,
    onTokenRevoked: ({ user }) => revoked.push(String(user)),
    controllers: [ApiController],
    ...options,
  });
  return app.registry.get<OAuth2App>('dev');
}

/** Calls the API as a user, and returns the status and error of the response. */
async function me(user: string, client = 'dev'): Promise<{ status: number; error?: string }> {
  const url = `${app?.url}/${encodeURIComponent(client)}/me`;
  const answer = await fetch(url, { headers: { 'x-user': user } });
  return { status: answer.status, error: ((await answer.json()) as { error?: string }).error };
}

const SERVED = { status: 200, error: undefined };

function requests(path: string): number {
  return provider.requests.filter((request) => request.path === path).length;
}

const LIVING: OAuth2Token = { accessToken: 'living', tokenType: 'bearer', refreshToken: 'r' };
const EXPIRED: OAuth2Token = { accessToken: 'expired', tokenType: 'bearer', refreshToken: 'r', expiresAt: 1 };

const { now } = Date;

/** Sets the clock forward by a number of milliseconds. */
function later(milliseconds: number): void {
  jest.spyOn(Date, 'now').mockImplementation(() => now() + milliseconds);
}

describe('attacks through the token store', () => {
  it('refuses an encrypted token that was moved to another user or another client', async () => {
    const beneath = store;
    store = new EncryptedTokenStore(beneath, Buffer.alloc(32, 1).toString('base64'));
    await start({}, { dev: {}, other: {} });
    await store.save({ name: 'dev', user: 'victim' }, LIVING);
    expect(await me('victim')).toEqual(SERVED);

    const row = (await beneath.fetch({ name: 'dev', user: 'victim' }))?.token as OAuth2Token;
    await beneath.save({ name: 'dev', user: 'attacker' }, row);
    await beneath.save({ name: 'other', user: 'victim' }, row);
    expect(await me('attacker')).toEqual({ status: 500, error: 'token_unreadable' });
    expect(await me('victim', 'other')).toEqual({ status: 500, error: 'token_unreadable' });
    expect(requests('/me')).toBe(1);
  });

  it('an empty user id does not get the client’s own token', async () => {
    const dev = await start({}, { dev: { grantType: 'client_credentials' }, other: {} });
    const { status } = await dev.get('me');
    expect(status).toBe(200); // the client's own token is now in the store
    expect(await me('', 'other')).toEqual({ status: 401, error: 'missing_token' });
    const other = app?.registry.get('other');
    await expect(other?.get('me', { user: '' })).rejects.toMatchObject({ error: 'missing_token' });
    expect(requests('/me')).toBe(1);
  });

  it('refuses a client that is named like the key of another client’s own token', async () => {
    const saved: string[] = [];
    const beneath = new MemoryTokenStore();
    store = {
      fetch: (key) => beneath.fetch(key),
      remove: (key, expected) => beneath.remove(key, expected),
      save(key, token, expected) {
        saved.push(key.name);
        return beneath.save(key, token, expected);
      },
    };
    await (await start({}, { dev: { grantType: 'client_credentials' } })).get('me');
    const [place = ''] = saved;
    expect(place).toMatch(/^dev#/);
    await app?.close();

    app = undefined;
    await expect(start({}, { dev: {}, [place]: {} })).rejects.toThrow(`"${place}": not a valid client name`);
  });

  it('a client name in the URL that imitates the start of another key sends no token', async () => {
    await start();
    await store.save({ name: 'dev', user: 'victim' }, LIVING);
    for (const imitation of ['dev:victim', 'dev#', 'dev%3Avictim', '{dev', '__proto__', 'constructor']) {
      const { status } = await me('victim', imitation);
      expect([imitation, status >= 400]).toEqual([imitation, true]);
    }
    expect(requests('/me')).toBe(0);
  });
});

describeWithRedis('attacks through the token store in Redis', () => {
  const redis = useRedis();

  beforeEach(() => {
    store = new RedisTokenStore(redis.client, redis);
  });

  it('lock squatting: refreshes despite a lock with an unknown value and no expiry', async () => {
    await start({}, { dev: { clientKwargs: { refreshTimeout: 2 } } });
    await store.save({ name: 'dev', user: 'ada' }, EXPIRED);
    await redis.client.set(`${redis.prefix}{dev:ada}:lock`, 'squatter');
    let answer = await me('ada');
    if (answer.status === 503) answer = await me('ada'); // on a slow machine: the lease is over by now
    expect(answer).toEqual(SERVED);
    expect(requests('/token')).toBe(1);
  });

  it('key confusion: a user and a client whose joined names match another key get no token', async () => {
    await start({}, { dev: {}, 'dev:ada': {} });
    await store.save({ name: 'dev:ada', user: 'grace' }, LIVING);
    expect(await me('ada:grace')).toEqual({ status: 401, error: 'missing_token' });
    expect(await me('ada}:grace')).toEqual({ status: 401, error: 'missing_token' });
    expect(await me('grace', 'dev:ada')).toEqual(SERVED);
  });
});

describeWithPostgres('attacks through the token store in PostgreSQL', () => {
  const postgres = usePostgres();
  let source: DataSource;

  beforeAll(async () => {
    source = await postgres.connect();
  });

  beforeEach(() => {
    store = new TypeOrmTokenStore(source);
  });

  it.each(['infinity', '2999-12-31'])(
    'lock squatting: refreshes despite a lock with an unknown value until %s',
    async (until) => {
      await start();
      await store.save({ name: 'dev', user: 'ada' }, EXPIRED);
      const locks = source.getRepository(OAuthTokenLockEntity).metadata.tablePath;
      await source.query(
        `INSERT INTO ${locks} (name, user_id, holder, leased_until, interrupted) VALUES ('dev', 'ada', 'squatter', $1, false)`,
        [until],
      );
      expect(await me('ada')).toEqual(SERVED);
      expect(requests('/token')).toBe(1);
    },
  );
});

describe('attacks by the provider', () => {
  it('a Retry-After of ten years pauses the token for one hour', async () => {
    provider.on('POST /token', () => ({ status: 429, headers: { 'retry-after': '315360000' }, json: {} }));
    const dev = await start();
    await store.save({ name: 'dev', user: 'ada' }, EXPIRED);
    await expect(dev.get('me', { user: 'ada' })).rejects.toMatchObject({ retryAfter: 315360000 });
    const again = (await dev.get('me', { user: 'ada' }).catch((error: unknown) => error)) as ProviderError;
    expect(again.retryAfter).toBeLessThanOrEqual(3600);
    later(HOUR / 2);
    expect((await me('ada')).error).toBe('provider_paused');
    expect(requests('/token')).toBe(1);

    provider.on('POST /token', () => ({ json: { access_token: 'new', token_type: 'bearer' } }));
    later(HOUR + 60_000);
    expect(await me('ada')).toEqual(SERVED);
  });

  it.each(['never', '-1', '', '1e9'])('ignores a Retry-After of %j', async (retryAfter) => {
    provider.on('POST /token', () => ({ status: 503, headers: { 'retry-after': retryAfter }, json: {} }));
    const dev = await start();
    await store.save({ name: 'dev', user: 'ada' }, EXPIRED);
    const error = (await dev.get('me', { user: 'ada' }).catch((error: unknown) => error)) as ProviderError;
    expect([error.error, error.retryAfter ?? 0]).toEqual(['provider_unavailable', 0]);
    later(60_000);
    await me('ada');
    expect(requests('/token')).toBe(2);
  });

  it('repeated invalid_grant: sends one refresh request and calls onTokenRevoked once', async () => {
    provider.on('POST /token', () => ({ status: 400, json: { error: 'invalid_grant' } }));
    await start();
    await store.save({ name: 'dev', user: 'ada' }, EXPIRED);
    const answers = await Promise.all(Array.from({ length: 20 }, () => me('ada')));
    for (const { status } of answers) expect(status).toBe(401);
    expect(await me('ada')).toEqual({ status: 401, error: 'missing_token' });
    expect(requests('/token')).toBe(1);
    expect(requests('/me')).toBe(0);
    expect(revoked).toEqual(['ada']);
  });

  it('repeated invalid_grant: sends one refresh request for a token of fetchToken', async () => {
    provider.on('POST /token', () => ({ status: 400, json: { error: 'invalid_grant' } }));
    await start({ tokenStore: undefined, fetchToken: () => EXPIRED });
    for (let call = 0; call < 5; call++) expect(await me('ada')).toEqual({ status: 401, error: 'token_revoked' });
    expect(requests('/token')).toBe(1);
    expect(revoked).toHaveLength(1);
  });

  it.each([0, 1, -1])(
    'refresh loop: a token that lives for %i seconds is refreshed at most once per call',
    async (lifetime) => {
      provider.on('POST /token', () => ({
        json: { access_token: randomUUID(), token_type: 'bearer', expires_in: lifetime, refresh_token: 'r' },
      }));
      await start();
      await store.save({ name: 'dev', user: 'ada' }, EXPIRED);
      for (let call = 1; call <= 5; call++) {
        expect(await me('ada')).toEqual(SERVED);
        expect(requests('/token')).toBeLessThanOrEqual(call);
      }
      const before = requests('/token');
      const crowd = await Promise.all(Array.from({ length: 50 }, () => me('ada')));
      expect(crowd).toEqual(Array.from({ length: 50 }, () => SERVED));
      expect(requests('/token') - before).toBeLessThanOrEqual(crowd.length);
    },
  );
});

describe('attacks by the API', () => {
  beforeEach(() => {
    provider.on('GET /me', () => ({ status: 401, headers: { 'www-authenticate': 'Bearer' }, json: {} }));
    provider.on('POST /me', () => ({ status: 401, headers: { 'www-authenticate': 'Bearer' }, json: {} }));
  });

  it('repeated 401: refreshes once a minute, and sends each call at most twice', async () => {
    await start();
    await store.save({ name: 'dev', user: 'ada' }, LIVING);
    for (let call = 0; call < 5; call++) expect((await me('ada')).error).toBe('provider_refused');
    expect(requests('/token')).toBe(1);
    expect(requests('/me')).toBe(6);

    later(61_000);
    for (let call = 0; call < 5; call++) await me('ada');
    expect(requests('/token')).toBe(2);
    expect(requests('/me')).toBe(12);
    expect(revoked).toEqual([]);
  });

  it('a 401 for a body that cannot be sent again does not refresh the token', async () => {
    const dev = await start();
    await store.save({ name: 'dev', user: 'ada' }, LIVING);
    const body = Readable.from(['once']);
    await expect(dev.post('me', body, { user: 'ada' })).rejects.toMatchObject({ error: 'provider_refused' });
    expect(requests('/me')).toBe(1);
    expect(requests('/token')).toBe(0);
  });

  it('a redirect to another origin that responds with 401 does not refresh the token', async () => {
    const elsewhere = await startScriptedProvider();
    elsewhere.on('GET /me', () => ({ status: 401, headers: { 'www-authenticate': 'Bearer' }, json: {} }));
    provider.on('GET /me', () => ({ status: 307, headers: { location: `${elsewhere.url}/me` } }));
    await start();
    await store.save({ name: 'dev', user: 'ada' }, LIVING);
    expect((await me('ada')).error).toBe('provider_refused');
    expect(elsewhere.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(requests('/token')).toBe(0);
    await elsewhere.close();
  });
});
