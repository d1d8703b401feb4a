import { describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { OAuthError, type OAuth2App } from 'nestjs-oauth-client';
import { registryWith } from '../config/registry-with.js';
import { clientOf } from '../providers/client-of.js';
import { listenWith } from '../providers/listen.js';

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

const GRANT = {
  ...{ device_code: 'd', user_code: 'u', verification_uri: 'https://p.test/device' },
  ...{ auth_req_id: 'r', expires_in: 60, interval: 1 },
};

interface Outcome {
  /** The access token or the error. */
  result: unknown;
  /** The number of polls that the provider received. */
  asked: number;
}

// The interval is at least one second, so the tests wait concurrently.
describe.each(['device authorization', 'backchannel authentication'])('a login by %s', (kind) => {
  /** Polls a provider that gives these responses, one per poll, and then a token. */
  async function poll(...answers: Answer[]): Promise<Outcome> {
    let asked = 0;
    const server = await listenWith(
      createServer((request, response) => {
        request.resume().on('end', () => {
          const isPoll = request.url === '/token';
          if (isPoll) asked += 1;
          const answer = isPoll ? (answers.shift() ?? TOKEN) : json(200, GRANT);
          answer(response, request);
        });
      }),
    );
    const app = await appAt(`http://127.0.0.1:${server.port}`);
    const grant = await (kind === 'device authorization'
      ? app.deviceAuthorization()
      : app.backchannelAuthentication({ loginHint: 'ada' }));
    const result = await grant.wait().then(
      ({ token }) => token.accessToken,
      (error: unknown) => error,
    );
    await server.close();
    return { result, asked };
  }

  it.concurrent('continues after an HTML page with status 503 and after a reset connection', async () => {
    expect(await poll(UNAVAILABLE, RESET)).toEqual({ result: 'a', asked: 3 });
  });

  it.concurrent('continues after a timeout', async () => {
    expect(await poll(SILENCE)).toEqual({ result: 'a', asked: 2 });
  });

  it.concurrent('continues after a 429, and waits for `Retry-After`', async () => {
    const since = Date.now();
    const answer = json(429, { error: 'too_many_requests' }, { 'retry-after': '3' });
    expect(await poll(answer)).toEqual({ result: 'a', asked: 2 });
    expect(Date.now() - since).toBeGreaterThanOrEqual(4000 - 50);
  });

  it.concurrent.each([200, 401, 403, 428, 500])(
    'continues while authorization is pending, with the status %s',
    async (status) => {
      expect(await poll(json(status, { error: 'authorization_pending' }))).toEqual({ result: 'a', asked: 2 });
    },
  );

  it.concurrent.each(['access_denied', 'expired_token'])(
    'ends with status 403 when the provider responds with %s',
    async (error) => {
      for (const status of [400, 403, 503]) {
        const { result, asked } = await poll(json(status, { error, error_description: 'not today' }));
        expect(result).toBeInstanceOf(OAuthError);
        expect(result).toMatchObject({ error, description: 'not today', status: 403 });
        expect(asked).toBe(1);
      }
    },
  );

  it.concurrent('continues after a 408', async () => {
    expect(await poll(json(408, { message: 'Request timeout' }))).toEqual({ result: 'a', asked: 2 });
  });

  it.concurrent.each([
    ['authorization_declined', 'access_denied'],
    ['code_expired', 'expired_token'],
  ])('ends with status 403 when the provider responds with %s in place of %s', async (word, error) => {
    const { result } = await poll(json(400, { error: word }));
    expect(result).toMatchObject({ error, description: `the provider answered "${word}"`, status: 403 });
  });

  it.concurrent.each<[string, Answer, object]>([
    ['refuses the client', json(401, { error: 'invalid_client' }), { error: 'invalid_client', status: 502 }],
    ['does not recognize the code', json(400, { error: 'invalid_grant' }), { error: 'invalid_grant', status: 400 }],
    ['does not have the endpoint', NOT_FOUND, { isTemporary: false }],
  ])('ends when the provider %s', async (_, answer, error) => {
    const { result, asked } = await poll(answer);
    expect(result).toMatchObject(error);
    expect(asked).toBe(1);
  });
});

async function appAt(url: string): Promise<OAuth2App> {
  const dev = clientOf(
    { url },
    { deviceAuthorizationEndpoint: `${url}/device`, backchannelAuthenticationEndpoint: `${url}/ciba` },
  );
  return (await registryWith({ options: { clients: { dev }, http: { timeout: 2_000 } } })).get<OAuth2App>('dev');
}
