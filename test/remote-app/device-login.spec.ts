import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { OAuthError, type ClientRegistration, type OAuth2App } from 'nestjs-oauth-client';
import { registryWith } from '../config/registry-with.js';
import { listenWith, type Listening } from '../providers/listen.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

function json(status: number, body: object, headers: Record<string, string> = {}): Answer {
  return (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const TOKEN = json(200, { access_token: 'a', token_type: 'Bearer' });
const UNAVAILABLE: Answer = (response) =>
  response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>Service unavailable</h1>');
const NOT_FOUND: Answer = (response) =>
  response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found</h1>');
const RESET: Answer = (_, { socket }) => socket.resetAndDestroy();
const SILENCE: Answer = () => undefined;

describe.each(['device authorization', 'backchannel authentication'])('a login by %s', (kind) => {
  let answers: Answer[];
  let server: Listening;
  let app: OAuth2App;
  let asked: number;

  beforeEach(async () => {
    asked = 0;
    const grant = {
      ...{ device_code: 'd', user_code: 'u', verification_uri: 'https://p.test/device' },
      ...{ auth_req_id: 'r', expires_in: 60, interval: 1 },
    };
    server = await listenWith(
      createServer((request, response) => {
        request.resume().on('end', () => {
          const isPoll = request.url === '/token';
          if (isPoll) asked += 1;
          const answer = isPoll ? (answers.shift() ?? TOKEN) : json(200, grant);
          answer(response, request);
        });
      }),
    );
    const url = `http://127.0.0.1:${server.port}`;
    const dev = {
      clientId: 'dev',
      clientSecret: 's3cret',
      accessTokenUrl: `${url}/token`,
      authorizeUrl: `${url}/authorize`,
      deviceAuthorizationEndpoint: `${url}/device`,
      backchannelAuthenticationEndpoint: `${url}/ciba`,
      allowInsecureHttp: true,
    } as ClientRegistration;
    app = (await registryWith({ options: { clients: { dev }, http: { timeout: 500 } } })).get<OAuth2App>('dev');
  });

  afterEach(() => server.close());

  async function wait(...script: Answer[]): Promise<unknown> {
    answers = script;
    const grant = await (kind === 'device authorization'
      ? app.deviceAuthorization()
      : app.backchannelAuthentication({ loginHint: 'ada' }));
    return grant.wait().then(
      ({ token }) => token.accessToken,
      (error: unknown) => error,
    );
  }

  it('survives an HTML page with status 503, and a connection that is reset', async () => {
    expect(await wait(UNAVAILABLE, RESET)).toBe('a');
    expect(asked).toBe(3);
  }, 20_000);

  it('survives a provider that does not answer in time', async () => {
    expect(await wait(SILENCE)).toBe('a');
    expect(asked).toBe(2);
  }, 20_000);

  it('survives a 429, and asks again when `Retry-After` says so', async () => {
    const since = Date.now();
    expect(await wait(json(429, { error: 'too_many_requests' }, { 'retry-after': '3' }))).toBe('a');
    expect(Date.now() - since).toBeGreaterThanOrEqual(4000 - 50);
    expect(asked).toBe(2);
  }, 20_000);

  it.each([200, 401, 403, 428, 500])('goes on while the user has not answered, under the status %s', async (status) => {
    expect(await wait(json(status, { error: 'authorization_pending' }))).toBe('a');
  });

  it.each(['access_denied', 'expired_token'])(
    'ends with status 403 when the provider answers %s',
    async (error) => {
      for (const status of [400, 403, 503]) {
        const refusal = await wait(json(status, { error, error_description: 'not today' }));
        expect(refusal).toBeInstanceOf(OAuthError);
        expect(refusal).toMatchObject({ error, description: 'not today', status: 403 });
      }
      expect(asked).toBe(3);
    },
    20_000,
  );

  it('survives a 408, by which a server gives up waiting', async () => {
    expect(await wait(json(408, { message: 'Request timeout' }))).toBe('a');
    expect(asked).toBe(2);
  }, 20_000);

  it.each([
    ['authorization_declined', 'access_denied'],
    ['code_expired', 'expired_token'],
  ])('ends with status 403 when the provider answers %s in place of %s', async (word, error) => {
    const refusal = await wait(json(400, { error: word }));
    expect(refusal).toMatchObject({ error, description: `the provider answered "${word}"`, status: 403 });
  });

  it.each([
    ['refuses the client', json(401, { error: 'invalid_client' }), { error: 'invalid_client', status: 502 }],
    ['does not know the code', json(400, { error: 'invalid_grant' }), { error: 'invalid_grant', status: 400 }],
    ['has no such endpoint', NOT_FOUND, { isTemporary: false }],
  ])('ends when the provider %s', async (_, answer, error) => {
    expect(await wait(answer)).toMatchObject(error);
    expect(asked).toBe(1);
  });
});
