import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import type { Page } from '../support/browser.js';
import { freePort } from '../support/free-port.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const { NODE_ENV } = process.env;

describe.each(['express', 'fastify'] as const)('errors in a browser, on %s', (platform) => {
  let provider: ScriptedProvider;
  let app: TestApp | undefined;
  let visitor: Visitor;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    visitor = new Visitor(() => app);
  });

  afterEach(async () => {
    process.env.NODE_ENV = NODE_ENV;
    await app?.close();
    app = undefined;
    await provider.close();
  });

  async function start(options: OAuthClientModuleOptions, settings: object = {}): Promise<void> {
    const dev = clientOf(provider, settings);
    app = await testApp({ platform, clients: { dev, 'tenant-acme': dev }, ...options });
  }

  function signIn(query = 'code=the-c0de-of-ada'): Promise<Page> {
    return visitor.signIn(query);
  }

  /** Responses of a token endpoint, each of which quotes something that a browser must not show. */
  const ECHOES: [what: string, answer: (body: string, header: string) => object][] = [
    [
      'the secret and the code in its description',
      (body) => ({ status: 400, json: { error: 'invalid_client', error_description: body } }),
    ],
    [
      'the credentials of the request',
      (_, header) => ({ status: 401, json: { error: 'invalid_client', error_description: header } }),
    ],
    ['the secret and the code as its error code', (body) => ({ status: 400, json: { error: body.slice(0, 90) } })],
    ['an internal error message', () => ({ status: 500, body: 'Internal: db-7.corp.example refused s3cret' })],
    [
      'an internal error message as JSON',
      () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: 'Int{s3cret' }),
    ],
    [
      'a page about the error',
      () => ({ status: 400, json: { error: 'made_up', error_uri: 'https://evil.example/s3cret' } }),
    ],
  ];

  it.each(ECHOES)('does not quote, in production, a provider that quotes %s', async (_, answer) => {
    process.env.NODE_ENV = 'production';
    await start({});
    provider.on('POST /token', ({ body, headers }) => answer(String(body), String(headers.authorization)));
    const { status, text } = await signIn();
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).not.toMatch(/s3cret|c0de|corp|evil|made_up|Int\{|Basic/);
    expect(Object.keys(JSON.parse(text) as object)).toEqual(['error', 'error_description', 'reference']);
  });

  it('removes values of the request from the full description', async () => {
    await start({ exposeErrors: true }, { clientKwargs: { tokenEndpointAuthMethod: 'client_secret_post' } });
    provider.on('POST /token', ({ body }) => ({
      status: 400,
      json: { error: 'invalid_request', error_description: `cannot read ${String(body)}` },
    }));
    const { error_description: description } = (await signIn()).json() as { error_description: string };
    expect(description).toMatch(/^cannot read /);
    expect(description).not.toMatch(/s3cret|c0de/);
    expect(description).toContain('[redacted]');
    const verifier = /code_verifier=([^&]+)/.exec(description)?.[1] ?? '[redacted]';
    expect(verifier).toBe('[redacted]');
  });

  it('responds to an error callback with a registered code and a fixed sentence', async () => {
    await start({ exposeErrors: false });
    const made = await signIn('error=made_up&error_description=Call+555-1234&error_uri=https://evil.example');
    expect(made.json()).toEqual({
      error: 'invalid_request',
      error_description: 'The request was not accepted. Please start again.',
      reference: expect.any(String),
    });
    expect((await signIn('error=access_denied&error_description=Call+555-1234')).json()).toEqual({
      error: 'access_denied',
      error_description: 'The sign-in was canceled.',
      reference: expect.any(String),
    });
  });

  it('does not show which provider is unreachable, or the names of other clients', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    await start({ exposeErrors: false }, { accessTokenUrl: `${url}/token` });
    const { status, text } = await signIn();
    expect(status).toBe(502);
    expect(text).not.toMatch(/ECONNREFUSED|127\.0\.0\.1/);
    const unknown = await visitor.visit('nobody/login');
    expect([unknown.status, unknown.text.includes('acme')]).toEqual([404, false]);
  });

  it('shows the description outside of production by default', async () => {
    await start({});
    expect((await signIn('error=made_up&error_description=Call+555-1234')).json()).toMatchObject({
      error: 'made_up',
      error_description: 'Call 555-1234',
    });
    process.env.NODE_ENV = 'production';
    expect((await signIn('error=made_up&error_description=Call+555-1234')).text).not.toContain('555');
  });

  it('exposeErrors overrides NODE_ENV', async () => {
    process.env.NODE_ENV = 'production';
    await start({ exposeErrors: true });
    expect((await signIn('error=made_up')).json()).toMatchObject({ error: 'made_up' });
  });
});
