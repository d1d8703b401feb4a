import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import type { OAuthRequest } from 'nestjs-oauth-client/protocol';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { bareResponse } from '../support/bare-response.js';
import type { Page } from '../support/browser.js';
import { testApp, type TestApp, type TestAppOptions } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

describe('a callback without a pending login', () => {
  let provider: ScriptedProvider;
  let app: TestApp;
  let visitor: Visitor;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
    visitor = new Visitor(() => app);
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  async function start(options: TestAppOptions = {}): Promise<void> {
    const dev = clientOf(provider);
    app = await testApp({ clients: { dev }, exposeErrors: true, ...options });
  }

  function descriptionOf(page: Page): string {
    expect(page.status).toBe(400);
    return (page.json() as { error_description: string }).error_description;
  }

  it.each(['express', 'fastify'] as const)('reports a missing state and its usual causes, on %s', async (platform) => {
    await start({ platform });
    await visitor.login();
    for (const query of ['code=c&installation_id=1&setup_action=install', 'error=access_denied', 'code=c&state=', '']) {
      const description = descriptionOf(await visitor.callback(query));
      expect(description).toMatch(/^the callback has no state.*setup_action.*Send the user to the route that begins/);
    }
    const unknown = await visitor.visit(`dev/callback?code=c&state=${'x'.repeat(43)}`);
    expect(descriptionOf(unknown)).toMatch(/^this browser has no pending login with this state/);
    expect(provider.requests).toEqual([]);
  });

  it('reports a body that was not parsed, and names the bodyParser option', async () => {
    await start({ bodyParser: false });
    const { state } = await visitor.login('dev?responseMode=form_post');
    const page = await visitor.post(`${app.url}/auth/dev/callback`, { code: 'c', state });
    expect(descriptionOf(page)).toMatch(/body was not parsed; expected the fields of a form.*bodyParser: false/);
    expect(page.json()).toMatchObject({ error: 'invalid_request' });
    expect(provider.requests).toEqual([]);
  });

  it('reports a body that was not parsed because of its content type', async () => {
    await start();
    const body = `code=c&state=${(await visitor.login()).state}`;
    const headers = { 'content-type': 'text/plain' };
    const answer = await fetch(`${app.url}/auth/dev/callback`, { method: 'POST', headers, body });
    expect(await answer.json()).toMatchObject({ error_description: expect.stringContaining('body was not parsed') });
  });

  it.each<[what: string, request: Partial<OAuthRequest>]>([
    ['undefined, as in Express 5', {}],
    ['an empty object, as in Express 4', { body: {}, headers: { 'content-length': '9' } }],
    ['an empty object of a chunked body', { body: {}, headers: { 'transfer-encoding': 'chunked' } }],
    ['a string', { body: 'code=c&state=s' }],
    ['bytes', { body: Buffer.from('code=c&state=s') }],
    ['null', { body: null }],
  ])('reports a body that was not parsed when the body is %s', async (_, request) => {
    await start();
    const finished = app.registry.get('dev').completeLogin({ method: 'POST', ...request }, bareResponse());
    await expect(finished).rejects.toThrow(/body was not parsed/);
  });

  it('reports a missing state for an empty body, with any parser', async () => {
    await start();
    for (const parser of [express.urlencoded(), express.text({ type: () => true })]) {
      const site = express().use(parser);
      site.post('/', (request, response) => {
        app.registry
          .get('dev')
          .completeLogin(request, bareResponse())
          .catch((error: unknown) => response.json(String(error)));
      });
      const server = site.listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address() as { port: number };
      const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST' });
      expect(await answer.json()).toMatch(/mismatching_state: the callback has no state/);
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
