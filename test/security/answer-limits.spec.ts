import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { ProviderError, type OAuth2App, type OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { Deadline } from '../../lib/http/deadline.js';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';

const TOKEN = { accessToken: 'a' };
const MIB = 1024 * 1024;

describe('an API response that is too large or too slow', () => {
  let provider: ScriptedProvider;
  let app: TestApp | undefined;

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
    const dev = clientOf(provider, { userinfoEndpoint: `${provider.url}/drip`, apiBaseUrl: `${provider.url}/` });
    app = await testApp({ clients: { dev }, http });
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

  it('memory exhaustion: refuses a response of more than 10 MiB', async () => {
    const { description } = await failure((await client()).get('large', { token: TOKEN }));
    expect(description).toMatch(/the answer is larger than 10485760 bytes.*maxContentLength/);
  });

  it('memory exhaustion: refuses an endless response', async () => {
    provider.on('GET /endless', () => 'endless');
    expect((await failure((await client()).get('endless', { token: TOKEN }))).description).toMatch(/is larger than/);
  });

  it('decompression bomb: refuses a small gzip response that unpacks to more than 10 MiB', async () => {
    const bomb = gzipSync(Buffer.alloc(11 * MIB));
    const body = bomb.toString('latin1');
    provider.on('GET /bomb', () => ({
      headers: { 'content-encoding': 'gzip' },
      body: Buffer.from(body, 'latin1') as never,
    }));
    expect((await failure((await client()).get('bomb', { token: TOKEN }))).description).toMatch(/is larger than/);
  });

  it('reads as much as maxContentLength of the call or the module allows, and a stream without a limit', async () => {
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

  it.each(['drip', 'never'])('slow response: ends a call at its timeout when the response is: %s', async (path) => {
    const dev = await client();
    const started = Date.now();
    const error = await failure(dev.get(path, { token: TOKEN, timeout: 150 }));
    expect([error.getStatus(), error.description]).toEqual([504, expect.stringMatching(/was not answered in time/)]);
    expect(Date.now() - started).toBeLessThan(2000);
  });

  it('slow redirects: ends a call at its timeout', async () => {
    let hops = 0;
    provider.on('GET /hop', () => ({ status: 302, headers: { location: `/hop?${++hops}` } }));
    const dev = await client();
    const slow = dev.get('hop', { token: TOKEN, timeout: 300, maxRedirects: 1_000_000 });
    expect((await failure(slow)).getStatus()).toBe(504);
    expect(hops).toBeGreaterThan(1);
  });

  it('slow refresh: ends a call at its timeout when the new token after a 401 does not arrive', async () => {
    provider.on('GET /user', () => ({ status: 401 }));
    provider.on('POST /token', () => 'never');
    const dev = await client();
    const started = Date.now();
    const stale = { accessToken: 'a', refreshToken: 'r', expiresAt: Math.floor(Date.now() / 1000) + 3600 };
    expect((await failure(dev.get('user', { token: stale, timeout: 200 }))).getStatus()).toBe(504);
    expect(Date.now() - started).toBeLessThan(2000);
  });

  it('slow response: ends a userinfo request at its timeout', async () => {
    const dev = await client({ timeout: 150 });
    expect((await failure(dev.userinfo({ token: TOKEN }))).getStatus()).toBe(504);
  });

  it('reads a slow stream past the timeout once its headers have arrived', async () => {
    const dev = await client();
    const { data } = await dev.get<Readable>('drip', { token: TOKEN, timeout: 150, responseType: 'stream' });
    let bytes = 0;
    for await (const chunk of data) if ((bytes += (chunk as Buffer).length) > 15) break; // this takes 300 milliseconds
    expect(bytes).toBeGreaterThan(15);
    const silent = dev.get('never', { token: TOKEN, timeout: 150, responseType: 'stream' });
    expect((await failure(silent)).getStatus()).toBe(504);
  });

  it('distinguishes its timeout from an abort by the caller', async () => {
    const dev = await client();
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    const aborted = await failure(dev.get('never', { token: TOKEN, signal: controller.signal }));
    expect([aborted.getStatus(), aborted.description]).toEqual([502, expect.stringMatching(/ERR_CANCELED/)]);
    const overdue = await failure(dev.get('never', { token: TOKEN, signal: AbortSignal.timeout(50) }));
    expect(overdue.getStatus()).toBe(504);
  });

  it('sets no deadline for a timeout of 0, and caps a timeout at the longest timer', async () => {
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
