import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { sendApiRequest, type Credentials } from '../../lib/http/api-request.js';
import { createAxiosInstance } from '../../lib/http/axios-instance.js';
import type { OAuth2App } from 'nestjs-oauth-client';
import { clientOf } from '../providers/client-of.js';
import { listenWith } from '../providers/listen.js';
import { makeCertificates } from '../providers/mutual-tls.js';
import { startScriptedProvider, type ReceivedRequest, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';

const OURS = /^(authorization|proxy-authorization|cookie|dpop|x-)/;

describe('redirects of an API call', () => {
  let api: ScriptedProvider;
  let trusted: ScriptedProvider;
  let evil: ScriptedProvider;
  let app: TestApp | undefined;

  beforeEach(async () => {
    [api, trusted, evil] = await Promise.all([
      startScriptedProvider(),
      startScriptedProvider(),
      startScriptedProvider(),
    ]);
    for (const server of [api, trusted, evil]) {
      server.on('GET /end', () => ({ json: {} }));
      server.on('POST /end', () => ({ json: {} }));
    }
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await Promise.all([api, trusted, evil].map((server) => server.close()));
  });

  function redirect(from: ScriptedProvider, path: string, to: string, status = 302): void {
    for (const method of ['GET', 'POST']) from.on(`${method} ${path}`, () => ({ status, headers: { location: to } }));
  }

  async function client(): Promise<OAuth2App> {
    const dev = clientOf(api, { apiBaseUrl: `${api.url}/`, apiOrigins: [trusted.url] });
    app = await testApp({ clients: { dev }, http: { headers: { common: { 'x-module': 'ours' } } } });
    return app.registry.get<OAuth2App>('dev');
  }

  const CALL = {
    token: { accessToken: 'a' },
    headers: { 'x-api-key': 'ours', cookie: 'a=b', accept: 'text/plain', 'accept-language': 'de' },
  };

  function ours({ headers }: ReceivedRequest): string[] {
    return Object.keys(headers).filter((name) => OURS.test(name));
  }

  it('a redirect to an attacker’s server carries no token, cookie or custom header', async () => {
    redirect(api, '/start', `${evil.url}/end`);
    await (await client()).get('start', CALL);
    const [request] = evil.requests;
    expect(ours(request!)).toEqual([]);
    expect(request?.headers).toMatchObject({ accept: 'text/plain', 'accept-language': 'de' });
  });

  it('a redirect back from an attacker’s server carries no token, cookie or custom header', async () => {
    redirect(api, '/start', `${evil.url}/back`);
    redirect(evil, '/back', `${api.url}/end`);
    await (await client()).get('start', CALL);
    const [first, last] = api.requests;
    expect(first?.headers).toMatchObject({ authorization: 'Bearer a', 'x-api-key': 'ours', 'x-module': 'ours' });
    expect([last?.path, ours(last!)]).toEqual(['/end', []]);
  });

  it('a redirect from an attacker’s server to an origin of api_origins carries no token, cookie or custom header', async () => {
    redirect(api, '/start', `${evil.url}/on`);
    redirect(evil, '/on', `${trusted.url}/end`);
    await (await client()).get('start', CALL);
    expect(ours(trusted.requests[0]!)).toEqual([]);
  });

  it('a 401 after a redirect back from an attacker’s server does not attach the token', async () => {
    redirect(api, '/start', `${evil.url}/back`);
    redirect(evil, '/back', `${api.url}/secret`);
    api.on('GET /secret', () => ({ status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }));
    await expect((await client()).get('start', CALL)).rejects.toMatchObject({ answer: { status: 401 } });
    expect(api.requests.filter(({ path }) => path === '/secret').map(ours)).toEqual([[]]);
  });

  it('redirects between api_origins keep the token', async () => {
    redirect(api, '/start', `${trusted.url}/on`);
    redirect(trusted, '/on', `${api.url}/end`);
    await (await client()).get('start', CALL);
    const hops = [...api.requests, ...trusted.requests];
    expect(hops.map(({ headers }) => [headers.authorization, headers['x-api-key']])).toEqual(
      hops.map(() => ['Bearer a', 'ours']),
    );
    expect(hops).toHaveLength(3);
  });

  it('a 307 redirect to an attacker’s server carries only the body', async () => {
    redirect(api, '/start', `${evil.url}/end`, 307);
    await (await client()).post('start', { x: 1 }, CALL);
    const [request] = evil.requests;
    expect([request?.method, request?.body.toString(), request?.headers['content-type']]).toEqual([
      'POST',
      '{"x":1}',
      'application/json',
    ]);
    expect(ours(request!)).toEqual([]);
  });

  it('a redirect to another origin and back carries no HTTP password of the call', async () => {
    redirect(api, '/start', `${evil.url}/back`);
    redirect(evil, '/back', `${api.url}/end`);
    await (await client()).get('start', { ...CALL, withholdToken: true, auth: { username: 'u', password: 'p' } });
    const [first, last] = api.requests;
    expect(first?.headers.authorization).toMatch(/^Basic /);
    expect([...ours(evil.requests[0]!), ...ours(last!)]).toEqual([]);
  });

  it('a redirect of a call without a token carries no custom headers to another origin, even one of api_origins', async () => {
    redirect(api, '/start', `${trusted.url}/end`);
    await (await client()).get('start', { ...CALL, withholdToken: true });
    expect(ours(trusted.requests[0]!)).toEqual([]);
  });

  it('a redirect to another origin does not carry the Host header of the call', async () => {
    redirect(api, '/start', `${trusted.url}/end`);
    await (await client()).get('start', { ...CALL, headers: { host: 'api.example' } });
    expect(trusted.requests[0]?.headers.host).toBe(new URL(trusted.url).host);
  });

  describe('from https', () => {
    it('a redirect to another server shows no client certificate, and carries no token from there to http', async () => {
      const { ca, server, client: certificate } = await makeCertificates();
      const shown: (string | undefined)[] = [];
      const tls = { ...server, ca, requestCert: true, rejectUnauthorized: false };
      const makeServer = (location: () => string) =>
        listenWith(
          createServer(tls, (request, response) => {
            const { subject } = (request.socket as TLSSocket).getPeerCertificate();
            shown.push((subject as { CN?: string } | undefined)?.CN);
            response.writeHead(302, { location: location() }).end();
          }),
        );
      const other = await makeServer(() => `${evil.url.replace('127.0.0.1', 'localhost')}/end`);
      const first = await makeServer(() => `https://localhost:${other.port}/`);
      const http = createAxiosInstance({}, { certificate: { ...certificate, ca } });
      const url = `https://localhost:${first.port}/`;
      const credentials: Credentials = {
        origins: new Set([new URL(url).origin]),
        authorize: (request) => ({ ...request, headers: { ...request.headers, authorization: 'Bearer a' } }),
      };
      await sendApiRequest(http, { method: 'GET', url, headers: { 'x-key': 'k' } }, credentials);
      expect(shown).toEqual(['app', undefined]);
      expect(ours(evil.requests[0]!)).toEqual([]);
      await Promise.all([first.close(), other.close()]);
    });
  });
});
