import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { OAuthConfigError } from 'nestjs-oauth-client';
import { RedisStateStore } from 'nestjs-oauth-client/redis';
import { loginStorageContract } from 'nestjs-oauth-client/testing';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { describeWithRedis, useRedis } from '../support/engines.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

describeWithRedis('a pending login in Redis', () => {
  const redis = useRedis();
  let ioredis: Redis;
  let provider: ScriptedProvider;
  let apps: TestApp[];
  let visitor: Visitor;

  beforeAll(async () => {
    ioredis = new Redis(redis.url);
  });

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
    apps = [];
    visitor = new Visitor(() => apps[0]);
  });

  afterEach(async () => {
    for (const app of apps) await app.close();
    await provider.close();
    await redis.empty();
  });

  afterAll(async () => {
    await ioredis.quit();
  });

  async function start(client: ConstructorParameters<typeof RedisStateStore>[0] = redis.client): Promise<TestApp> {
    const dev = clientOf(provider);
    const app = await testApp({ state: new RedisStateStore(client, redis), clients: { dev } });
    apps.push(app);
    return app;
  }

  it.each(['redis', 'ioredis'])('is saved and taken with the package %s', async (name) => {
    const app = await start(name === 'redis' ? redis.client : ioredis);
    expect((await visitor.at(app).signIn()).status).toBe(200);
  });

  it('is kept for 10 minutes, or until it is taken', async () => {
    const app = await start();
    const { state } = await visitor.at(app).login();
    const [key = '', ...more] = await redis.client.keys(`${redis.prefix}pending:*`);
    expect(more).toEqual([]);
    expect(await redis.client.ttl(key)).toBeGreaterThan(595);
    expect(await redis.client.ttl(key)).toBeLessThanOrEqual(600);
    await visitor.at(app).callback({ code: 'c', state });
    expect(await redis.client.keys(`${redis.prefix}pending:*`)).toEqual([]);
  });

  it('has a cookie that contains only a random value', async () => {
    const app = await start();
    const { headers } = await visitor.at(app).visit('dev/login', { follow: false });
    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(/^oauth_[\w-]{22}=\d{10}\.[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
  });

  it('is taken once if several processes take it at once', async () => {
    const [one, two] = [await start(redis.client), await start(ioredis)];
    const { state } = await visitor.at(one).login();
    const cookie = await visitor.jar.getCookieString(one.url);
    const asked = Array.from({ length: 20 }, (_, index) =>
      visitor.at(index % 2 ? one : two).callback({ code: 'c', state }, 'dev', { headers: { cookie } }),
    );
    const answers = (await Promise.all(asked)).map(({ status }) => status);
    expect(answers.sort()).toEqual([200, ...Array.from({ length: 19 }, () => 400)]);
    expect(provider.requests).toHaveLength(1);
  });

  it('is reported as used in another process, too', async () => {
    const [one, two] = [await start(redis.client), await start(ioredis)];
    const { state } = await visitor.at(one).login();
    await visitor.at(one).callback({ code: 'c', state });
    expect((await visitor.at(two).callback({ code: 'c', state })).text).toContain('already finished');
  });

  it('is reported as expired after 10 minutes', async () => {
    const app = await start();
    const { state } = await visitor.at(app).login();
    const cookie = await visitor.jar.getCookieString(app.url);
    await redis.client.del(await redis.client.keys(`${redis.prefix}pending:*`));
    const old = cookie.replace(/=\d{10}/, `=${Math.floor(Date.now() / 1000) - 601}`);
    visitor.jar.removeAllCookiesSync();
    expect((await visitor.at(app).callback({ code: 'c', state }, 'dev', { headers: { cookie: old } })).text).toContain(
      'begun too long ago',
    );
    expect((await visitor.at(app).callback({ code: 'c', state }, 'dev', { headers: { cookie } })).text).toContain(
      'no pending login with this state',
    );
  });

  it('fails with state_store_error if Redis is not available', async () => {
    const gone = redis.client.duplicate();
    await gone.connect();
    const app = await start(gone);
    gone.destroy();
    const answer = await visitor.at(app).visit('dev/login', { follow: false });
    expect([answer.status, answer.json()]).toEqual([
      500,
      {
        error: 'state_store_error',
        error_description: expect.stringContaining('Redis failed'),
        reference: expect.any(String),
      },
    ]);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  describe.each(['redis', 'ioredis'])('with the package %s', (name) => {
    const makeStorage = (): RedisStateStore => new RedisStateStore(name === 'redis' ? redis.client : ioredis, redis);

    for (const { name, run } of loginStorageContract(makeStorage)) it(name, run);
  });

  it('a Redis state store refuses a client of an unknown package', () => {
    expect(() => new RedisStateStore({} as never)).toThrow(OAuthConfigError);
  });
});
