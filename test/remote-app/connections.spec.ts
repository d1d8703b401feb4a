import { afterEach, describe, expect, it } from '@jest/globals';
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateKeyPair, exportJWK, SignJWT, decodeJwt } from 'jose';
import { ProviderError, type ClientRegistration, type OAuth1App, type OAuth2App } from 'nestjs-oauth-client';
import { sendApiRequest } from '../../lib/http/api-request.js';
import { createAxiosInstance } from '../../lib/http/axios-instance.js';
import { sendProtocolRequest } from '../../lib/http/protocol-request.js';
import { registryWith } from '../config/registry-with.js';
import { startClosingServer, type ClosingServer } from '../providers/closing-server.js';
import { CountingAgent } from '../support/counting-agent.js';

const KEYS = await generateKeyPair('ES256', { extractable: true });
const TOKEN = { accessToken: 'a' };

/** Responds as an OpenID provider and as an API. */
function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
  void answerTo(`http://${request.headers.host}`, request.url?.replace(/\?.*/, '') ?? '', body).then((json) => {
    response.writeHead(request.url === '/par' ? 201 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(json));
  });
}

async function answerTo(issuer: string, path: string, body: string): Promise<object> {
  switch (path) {
    case '/.well-known/openid-configuration':
      return {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        pushed_authorization_request_endpoint: `${issuer}/par`,
        id_token_signing_alg_values_supported: ['ES256'],
        require_pushed_authorization_requests: true,
      };
    case '/jwks':
      return { keys: [{ ...(await exportJWK(KEYS.publicKey)), kid: 'k', alg: 'ES256' }] };
    case '/par':
      return { request_uri: 'urn:x:1', expires_in: 60 };
    case '/token': {
      const nonce = new URLSearchParams(body).get('code') ?? undefined;
      const token = { access_token: 'a', token_type: 'Bearer', refresh_token: 'r' };
      return { ...token, ...(nonce && { id_token: await idToken(issuer, nonce) }) };
    }
    default:
      return { path };
  }
}

function idToken(issuer: string, nonce: string): Promise<string> {
  return new SignJWT({ nonce, iss: issuer, sub: 'ada', aud: 'dev' })
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(KEYS.privateKey);
}

describe('a server that closes idle connections', () => {
  let server: ClosingServer;
  const agents: Agent[] = [];

  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.destroy();
    await server.close();
  });

  function pool(): Agent {
    const agent = new Agent({ keepAlive: true });
    agents.push(agent);
    return agent;
  }

  /** Returns an app whose requests reuse open connections, except for requests that need a new one. */
  async function appWith(settings: object = {}, options: object = {}): Promise<OAuth2App> {
    const dev = {
      clientId: 'dev',
      clientSecret: 's3cret',
      issuer: server.url,
      apiBaseUrl: server.url,
      allowInsecureHttp: true,
      clientKwargs: { scope: 'openid' },
      ...settings,
    } as ClientRegistration;
    const registry = await registryWith({ options: { clients: { dev }, http: { httpAgent: pool() }, ...options } });
    return registry.get<OAuth2App>('dev');
  }

  function sent(method: string, path: string): ClosingServer['arrivals'] {
    return server.arrivals.filter((arrival) => arrival.method === method && arrival.path === path);
  }

  async function signIn(app: OAuth2App): Promise<void> {
    const { nonce = '', codeVerifier } = await app.createAuthorizationUrl('https://app.test/callback');
    const token = await app.fetchAccessToken({ code: nonce, nonce, codeVerifier });
    expect(token.accessToken).toBe('a');
    const renewed = await app.fetchAccessToken({ grantType: 'refresh_token', token });
    expect(renewed.refreshToken).toBe('r');
  }

  it.each([
    ["the application's agent", () => appWith()],
    ["Node's agent", () => appWith({}, { http: {} })],
    ["the client's agent", () => appWith({ http: { httpAgent: pool() } }, { http: {} })],
  ])('every login and refresh succeeds on connections of %s', async (_, start) => {
    server = await startClosingServer(answer);
    const app = await start();
    for (let login = 0; login < 5; login++) {
      await signIn(app);
      await app.get('me', { token: TOKEN });
    }
    expect(sent('POST', '/token')).toHaveLength(10);
    expect(server.arrivals.filter(({ method, isAnswered }) => method === 'POST' && !isAnswered)).toEqual([]);
  });

  it('every login succeeds when the server closes connections after 20 milliseconds', async () => {
    server = await startClosingServer(answer, () => false);
    const app = await appWith();
    const timer = setInterval(() => server.closeIdle(), 20);
    try {
      for (let round = 0; round < 30; round++) {
        await signIn(app);
        await Promise.all([app.get('me', { token: TOKEN }), app.post('me', {}, { token: TOKEN })]);
        await sleep(15 + (round % 10));
      }
    } finally {
      clearInterval(timer);
    }
    expect(sent('POST', '/token')).toHaveLength(60);
    expect(sent('POST', '/me')).toHaveLength(30);
  });

  it.each(['GET', 'OPTIONS'])('sends a %s again on a new connection', async (method) => {
    server = await startClosingServer(answer);
    const app = await appWith();
    for (let call = 0; call < 3; call++) {
      expect((await app.request(method, 'me', { token: TOKEN })).status).toBe(200);
    }
    expect(sent(method, '/me').map(({ isReused, isAnswered }) => [isReused, isAnswered])).toEqual([
      [false, true],
      [true, false],
      [false, true],
      [false, true],
    ]);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'does not send a %s again, because the server may have processed it',
    async (method) => {
      server = await startClosingServer(answer);
      const app = await appWith();
      await app.get('me', { token: TOKEN });
      const call = app.request(method, 'orders', { token: TOKEN, data: { item: 1 } });
      await expect(call).rejects.toBeInstanceOf(ProviderError);
      expect(sent(method, '/orders')).toHaveLength(1);
    },
  );

  it('sends a POST on a new connection after the server closed the open connection', async () => {
    server = await startClosingServer(answer, () => false);
    const app = await appWith();
    for (let call = 0; call < 10; call++) {
      await app.get('me', { token: TOKEN });
      server.closeIdle();
      expect((await app.post('orders', {}, { token: TOKEN })).status).toBe(200);
    }
    expect(sent('POST', '/orders')).toHaveLength(10);
  });

  it('does not send a GET again that the server reset on a new connection', async () => {
    server = await startClosingServer(answer, () => true);
    const app = await appWith();
    await expect(app.get('me', { token: TOKEN })).rejects.toBeInstanceOf(ProviderError);
    expect(server.arrivals).toHaveLength(1);
  });

  it('sends a GET at most twice', async () => {
    let refuses = false;
    server = await startClosingServer(answer, () => refuses);
    const app = await appWith();
    await app.get('me', { token: TOKEN });
    refuses = true;
    await expect(app.get('me', { token: TOKEN })).rejects.toBeInstanceOf(ProviderError);
    expect(sent('GET', '/me')).toHaveLength(3);
  });

  it('does not send a stream again', async () => {
    server = await startClosingServer(answer);
    const app = await appWith();
    await app.get('me', { token: TOKEN });
    const call = app.request('GET', 'search', { token: TOKEN, data: Readable.from(['query']) });
    await expect(call).rejects.toBeInstanceOf(ProviderError);
    expect(sent('GET', '/search')).toHaveLength(1);
  });

  it('does not send a call again after the response began', async () => {
    let isCut = false;
    server = await startClosingServer(
      (request, response, body) => {
        if (!isCut) {
          answer(request, response, body);
          return;
        }
        response.writeHead(200, { 'content-length': '100' }).write('x');
        setTimeout(() => request.socket.resetAndDestroy(), 20);
      },
      () => false,
    );
    const app = await appWith();
    await app.get('me', { token: TOKEN });
    isCut = true;
    await expect(app.get('me', { token: TOKEN })).rejects.toBeInstanceOf(ProviderError);
    expect(sent('GET', '/me')).toHaveLength(2);
  });

  it('sends a new DPoP proof, and a new OAuth 1 nonce, with the repeated request', async () => {
    server = await startClosingServer(answer);
    const app = await appWith();
    const dpopKey = await exportJWK(KEYS.privateKey);
    const token = { ...TOKEN, tokenType: 'dpop', dpopKey } as const;
    for (let call = 0; call < 2; call++) await app.get('me', { token });
    const proofs = sent('GET', '/me').map(({ headers }) => decodeJwt(String(headers.dpop)).jti);
    expect(new Set(proofs).size).toBe(3);

    const one = { requestTokenUrl: `${server.url}/request`, authorizeUrl: `${server.url}/authorize`, clientId: 'one' };
    const clients = {
      one: { ...one, accessTokenUrl: one.requestTokenUrl, apiBaseUrl: server.url, allowInsecureHttp: true },
    };
    const oauth1 = (await registryWith({ options: { clients, http: { httpAgent: pool() } } })).get<OAuth1App>('one');
    for (let call = 0; call < 2; call++) {
      await oauth1.get('you', { token: { oauthToken: 't', oauthTokenSecret: 's' } });
    }
    const nonces = sent('GET', '/you').map(
      ({ headers }) => /oauth_nonce="(\w+)/.exec(String(headers.authorization))?.[1],
    );
    expect(new Set(nonces).size).toBe(3);
  });

  it('respects maxSockets of an agent, and sends each token request on a new connection', async () => {
    server = await startClosingServer(answer);
    const agent = new Agent({ keepAlive: true, maxSockets: 2 });
    agents.push(agent);
    const app = await appWith({}, { http: { httpAgent: agent } });
    const calls = Array.from({ length: 20 }, () => app.fetchAccessToken({ grantType: 'client_credentials' }));
    expect(await Promise.all(calls)).toHaveLength(20);
    expect(sent('POST', '/token').every(({ isReused }) => !isReused)).toBe(true);
  });

  it('uses the connections that a custom agent makes', async () => {
    server = await startClosingServer(answer);
    const agent = new CountingAgent();
    agents.push(agent);
    await signIn(await appWith({}, { http: { httpAgent: agent } }));
    expect(agent.connections).toBeGreaterThanOrEqual(4);
  });

  it('every request succeeds for a client that can reach only public addresses', async () => {
    server = await startClosingServer(answer);
    const http = createAxiosInstance({}, { isPublicOnly: true, allowedAddresses: ['127.0.0.1'] });
    for (let round = 0; round < 3; round++) {
      const get = await sendApiRequest<object>(http, { method: 'GET', url: `${server.url}/me` });
      expect(get.status).toBe(200);
      const post = { method: 'POST', url: `${server.url}/token`, headers: {}, body: '' };
      expect((await sendProtocolRequest(http, post)).status).toBe(200);
    }
    const elsewhere = createAxiosInstance({}, { isPublicOnly: true });
    const post = { method: 'POST', url: `${server.url}/token`, headers: {}, body: '' };
    await expect(sendProtocolRequest(elsewhere, post)).rejects.toMatchObject({ error: 'private_address' });
  });
});
