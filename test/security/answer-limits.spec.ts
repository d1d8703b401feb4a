import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { ProviderError, type OAuth2App, type OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { Deadline } from '../../lib/http/deadline.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { startLoginApp, type LoginApp } from '../support/login-app.js';

const TOKEN = { accessToken: 'a' };
const MIB = 1024 * 1024;

describe('an API that answers too much, or too slowly', () => {
  let provider: ScriptedProvider;
  let app: LoginApp | undefined;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('GET /large', () => ({ body: 'x'.repeat(11 * MIB) }));
    provider.on('GET /user', () => ({ json: {} }));
    provider.on('GET /drip', () => 'drip');
    provider.on('GET /never', () => 'never');
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await provider.close();
  });

  async function client(http?: OAuthClientModuleOptions['http']): Promise<OAuth2App> {
    const dev = {
      clientId: 'dev',
      authorizeUrl: `${provider.url}/authorize`,
      accessTokenUrl: `${provider.url}/token`,
      userinfoEndpoint: `${provider.url}/drip`,
      apiBaseUrl: `${provider.url}/`,
    };
    app = await startLoginApp({ clients: { dev }, http });
    return app.registry.get<OAuth2App>('dev');
  }

  async function failure(call: Promise<unknown>): Promise<ProviderError> {
    const error = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ProviderError);
    return error as ProviderError;
  }

  it('cannot fill the memory with an answer of more than 10 MiB', async () => {
    const { description } = await failure((await client()).get('large', { token: TOKEN }));
    expect(description).toMatch(/the answer is larger than 10485760 bytes.*maxContentLength/);
  });

  it('cannot fill the memory with an endless answer', async () => {
    provider.on('GET /endless', () => 'endless');
    expect((await failure((await client()).get('endless', { token: TOKEN }))).description).toMatch(/is larger than/);
  });

  it('cannot fill the memory with a small answer that unpacks to a large one', async () => {
    const bomb = gzipSync(Buffer.alloc(11 * MIB));
    const body = bomb.toString('latin1');
    provider.on('GET /bomb', () => ({
      headers: { 'content-encoding': 'gzip' },
      body: Buffer.from(body, 'latin1') as never,
    }));
    expect((await failure((await client()).get('bomb', { token: TOKEN }))).description).toMatch(/is larger than/);
  });

  it('may answer as much as the call or the module allows, and a stream without a limit', async () => {
    const dev = await client();
    expect((await dev.get<string>('large', { token: TOKEN, maxContentLength: 12 * MIB })).data).toHaveLength(11 * MIB);
    const { data } = await dev.get<Readable>('large', { token: TOKEN, responseType: 'stream' });
    expect(await text(data)).toHaveLength(11 * MIB);
    await app?.close();
    const lenient = await client({ maxContentLength: -1 });
    expect((await lenient.get<string>('large', { token: TOKEN })).data).toHaveLength(11 * MIB);
    await app?.close();
    const strict = await client({ maxContentLength: 1000 });
    expect((await failure(strict.get('large', { token: TOKEN }))).description).toMatch(/larger than 1000 bytes/);
  });

  it.each(['drip', 'never'])(
    'cannot hold a call for longer than its timeout with an answer that comes %s',
    async (path) => {
      const dev = await client();
      const started = Date.now();
      const error = await failure(dev.get(path, { token: TOKEN, timeout: 150 }));
      expect([error.getStatus(), error.description]).toEqual([504, expect.stringMatching(/was not answered in time/)]);
      expect(Date.now() - started).toBeLessThan(2000);
    },
  );

  it('cannot hold a call for longer than its timeout with slow redirects', async () => {
    let hops = 0;
    provider.on('GET /hop', () => ({ status: 302, headers: { location: `/hop?${++hops}` } }));
    const dev = await client();
    const slow = dev.get('hop', { token: TOKEN, timeout: 300, maxRedirects: 1_000_000 });
    expect((await failure(slow)).getStatus()).toBe(504);
    expect(hops).toBeGreaterThan(1);
  });

  it('cannot hold a call with a challenge whose new token is slow to come', async () => {
    provider.on('GET /user', () => ({ status: 401 }));
    provider.on('POST /token', () => 'never');
    const dev = await client();
    const started = Date.now();
    const stale = { accessToken: 'a', refreshToken: 'r', expiresAt: Math.floor(Date.now() / 1000) + 3600 };
    expect((await failure(dev.get('user', { token: stale, timeout: 200 }))).getStatus()).toBe(504);
    expect(Date.now() - started).toBeLessThan(2000);
  });

  it('cannot hold a userinfo request with a drip', async () => {
    const dev = await client({ timeout: 150 });
    expect((await failure(dev.userinfo({ token: TOKEN }))).getStatus()).toBe(504);
  });

  it('may drip a stream once its headers are there', async () => {
    const dev = await client();
    const { data } = await dev.get<Readable>('drip', { token: TOKEN, timeout: 150, responseType: 'stream' });
    let bytes = 0;
    for await (const chunk of data) if ((bytes += (chunk as Buffer).length) > 15) break; // 300 milliseconds
    expect(bytes).toBeGreaterThan(15);
    const silent = dev.get('never', { token: TOKEN, timeout: 150, responseType: 'stream' });
    expect((await failure(silent)).getStatus()).toBe(504);
  });

  it('distinguishes its own timeout from an abort by the caller', async () => {
    const dev = await client();
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    const aborted = await failure(dev.get('never', { token: TOKEN, signal: controller.signal }));
    expect([aborted.getStatus(), aborted.description]).toEqual([502, expect.stringMatching(/ERR_CANCELED/)]);
    const overdue = await failure(dev.get('never', { token: TOKEN, signal: AbortSignal.timeout(50) }));
    expect(overdue.getStatus()).toBe(504);
  });

  it('has no deadline with a timeout of 0, and one that no timer can hold does not end at once', async () => {
    const dev = await client();
    expect((await dev.get('user', { token: TOKEN, timeout: 0 })).status).toBe(200);
    expect((await dev.get('user', { token: TOKEN, timeout: 2 ** 40 })).status).toBe(200);
    expect([new Deadline(0).timeout, new Deadline(2 ** 40).timeout, new Deadline(Number.NaN).timeout]).toEqual([
      0,
      2 ** 31 - 1,
      10_000,
    ]);
  });
});
