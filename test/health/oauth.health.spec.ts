import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import type { OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { OAuthHealthIndicator, type OAuthHealthOptions } from 'nestjs-oauth-client/health';
import type { TokenStore } from 'nestjs-oauth-client/stores';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { clientOf, discoveringClientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';

let options: OAuthHealthOptions;

@Controller()
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly oauth: OAuthHealthIndicator,
  ) {}

  @Get('health')
  @HealthCheck()
  check() {
    return this.health.check([() => this.oauth.check('oauth', options)]);
  }
}

describe('the health indicator with Terminus', () => {
  let provider: ScriptedProvider;
  let app: TestApp;
  let fetchFromStore: () => Promise<unknown>;

  beforeEach(async () => {
    options = { clients: ['harbour'] };
    fetchFromStore = () => Promise.resolve(undefined);
    provider = await startScriptedProvider();
    const metadata = { issuer: provider.url, jwks_uri: `${provider.url}/jwks` };
    provider.on('GET /.well-known/openid-configuration', () => ({ json: metadata }));
    provider.on('GET /jwks', () => ({ json: { keys: [] } }));
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'queueMicrotask', 'setInterval'],
    });
    const fetch = () => fetchFromStore() as ReturnType<TokenStore['fetch']>;
    const tokenStore = Object.assign(new MemoryTokenStore(), { fetch });
    app = await startApp({ tokenStore });
  });

  afterEach(async () => {
    jest.useRealTimers();
    await app.close();
    await provider.close();
  });

  async function startApp(module: OAuthClientModuleOptions): Promise<TestApp> {
    const clients = {
      harbour: discoveringClientOf(provider),
      plain: clientOf(provider),
      unused: discoveringClientOf({ url: `${provider.url}/unused` }),
    };
    return testApp({
      clients,
      ...module,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController],
    });
  }

  async function probe(of = app): Promise<{ status: number; oauth: unknown }> {
    const answer = await fetch(`${of.url}/health`);
    return { status: answer.status, oauth: ((await answer.json()) as { details: { oauth: unknown } }).details.oauth };
  }

  it('is up if metadata, keys and the token store can be read', async () => {
    const parts = { clients: { harbour: { status: 'up' } }, tokenStore: { status: 'up' } };
    expect(await probe()).toEqual({ status: 200, oauth: { status: 'up', ...parts } });
    expect(provider.requests.map(({ path }) => path)).toEqual(['/.well-known/openid-configuration', '/jwks']);
  });

  it('is down with a reason after the provider stops, except for a minute after the last request', async () => {
    await probe();
    await provider.close();
    expect((await probe()).status).toBe(200);
    jest.setSystemTime(Date.now() + 61_000);
    const { status, oauth } = await probe();
    expect(status).toBe(503);
    const message = `provider_unreachable: GET ${provider.url}/jwks failed (ECONNREFUSED)`;
    expect(oauth).toMatchObject({ status: 'down', clients: { harbour: { status: 'down', message } } });
  });

  it('sends at most one request in five seconds to a provider that is down, and is up after the provider recovers', async () => {
    provider.on('GET /.well-known/openid-configuration', () => ({ status: 503 }));
    for (let probes = 0; probes < 10; probes++) expect((await probe()).status).toBe(503);
    expect(provider.requests).toHaveLength(1);
    const metadata = { issuer: provider.url };
    provider.on('GET /.well-known/openid-configuration', () => ({ json: metadata }));
    jest.setSystemTime(Date.now() + 5_001);
    expect((await probe()).status).toBe(200);
  });

  it('checks only the providers of the named clients, or of used clients by default', async () => {
    options = {};
    expect(await probe()).toMatchObject({ status: 200, oauth: { clients: {} } });
    expect(provider.requests).toEqual([]);
    app.registry.get('plain');
    expect(await probe()).toMatchObject({ oauth: { clients: { plain: { status: 'up' } } } });
    options = { clients: ['absent'] };
    expect(await probe()).toMatchObject({ status: 503, oauth: { clients: { absent: { status: 'down' } } } });
  });

  it('checks a client of resolveClient only if it is named', async () => {
    const tenant = await startApp({
      resolveClient: (name) => (name === 'tenant' ? discoveringClientOf(provider) : undefined),
      allowPrivateNetwork: true,
    });
    await tenant.registry.resolve('tenant');
    options = {};
    expect(await probe(tenant)).toMatchObject({ status: 200, oauth: { clients: {} } });
    expect(provider.requests).toEqual([]);
    options = { clients: ['tenant', 'absent'] };
    expect(await probe(tenant)).toMatchObject({
      oauth: { clients: { tenant: { status: 'up' }, absent: { status: 'down' } } },
    });
    await tenant.close();
  });

  it('shows only the error code of a token store that fails', async () => {
    fetchFromStore = () => Promise.reject(Object.assign(new Error('postgres://u:s3cret@db'), { code: 'ECONNREFUSED' }));
    const { status, oauth } = await probe();
    expect(status).toBe(503);
    expect(oauth).toMatchObject({ tokenStore: { status: 'down', message: 'failed (ECONNREFUSED)' } });
    expect(JSON.stringify(oauth)).not.toContain('s3cret');
  });

  it('does not wait for a token store that hangs, and calls it once', async () => {
    let asked = 0;
    fetchFromStore = () => new Promise(() => asked++);
    options = { clients: [], timeout: 50 };
    for (let probes = 0; probes < 3; probes++) {
      expect(await probe()).toMatchObject({
        status: 503,
        oauth: { tokenStore: { message: 'no answer within 50 ms' } },
      });
    }
    expect(asked).toBe(1);
  });

  it.each([3e10, Infinity, NaN, '50'])('accepts the timeout %p, which a timer does not support', async (timeout) => {
    fetchFromStore = () => new Promise((resolve) => setTimeout(resolve, 20));
    options = { clients: [], timeout: timeout as number };
    expect(await probe()).toMatchObject({ status: 200, oauth: { tokenStore: { status: 'up' } } });
  });

  it('does not report a token store if none is configured', async () => {
    const simple = await startApp({});
    options = { clients: [] };
    expect(await probe(simple)).toEqual({ status: 200, oauth: { status: 'up', clients: {} } });
    await simple.close();
  });
});
