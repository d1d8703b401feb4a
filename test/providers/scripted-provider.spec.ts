import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startScriptedProvider, type ScriptedProvider } from './scripted-provider.js';

describe('the scripted test provider', () => {
  let provider: ScriptedProvider;

  beforeEach(async () => {
    provider = await startScriptedProvider();
  });

  afterEach(() => provider.close());

  it('responds with the scripts, and keeps the requests', async () => {
    provider.on('POST /token', ({ body }) => ({
      status: 201,
      headers: { 'x-a': 'b' },
      json: { got: body.toString() },
    }));
    const answer = await fetch(`${provider.url}/token?a=b`, { method: 'POST', body: 'code=1' });
    expect([answer.status, answer.headers.get('x-a'), await answer.json()]).toEqual([201, 'b', { got: 'code=1' }]);
    expect(provider.requests).toEqual([
      expect.objectContaining({ method: 'POST', url: '/token?a=b', path: '/token', body: Buffer.from('code=1') }),
    ]);
  });

  it('responds with 404 without a script', async () => {
    expect((await fetch(`${provider.url}/token`)).status).toBe(404);
  });

  it('uses the last script of a route', async () => {
    provider.on('GET /', () => ({ body: 'first' }));
    provider.on('GET /', () => ({ body: 'second' }));
    expect(await (await fetch(provider.url)).text()).toBe('second');
  });

  it('leaves a request without a response', async () => {
    provider.on('GET /', () => 'never');
    await expect(fetch(provider.url, { signal: AbortSignal.timeout(100) })).rejects.toThrow('timeout');
  });

  it.each([
    ['without an end', 'endless', 1_000_000],
    ['byte by byte', 'drip', 3],
  ] as const)('sends a body %s', async (_, reply, enough) => {
    provider.on('GET /', () => reply);
    const { body } = await fetch(provider.url);
    let received = 0;
    for await (const chunk of body! as AsyncIterable<Uint8Array>) {
      received += chunk.length;
      if (received >= enough) break;
    }
    expect(received).toBeGreaterThanOrEqual(enough);
  });

  it('closes while a request is pending', async () => {
    provider.on('GET /', () => 'never');
    const waiting = expect(fetch(provider.url)).rejects.toThrow('fetch failed');
    while (provider.requests.length === 0) await new Promise(setImmediate);
    await provider.close();
    await waiting;
  });
});
