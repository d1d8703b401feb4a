import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ForbiddenException, Logger } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { OAuth2App, type OAuthClientModuleOptions, type OAuthError, type ProviderError } from 'nestjs-oauth-client';
import type { OAuthRequest } from 'nestjs-oauth-client/protocol';
import type { TokenStore } from 'nestjs-oauth-client/stores';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { clientOf, oauth1ClientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser, type Page } from '../support/browser.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const TOKEN = { accessToken: 'access-of-ada', refreshToken: 'refresh-of-ada', tokenType: 'bearer' };
const EXPIRED = { ...TOKEN, expiresAt: 1 };

let provider: ScriptedProvider;
let app: TestApp | undefined;
/** The logged lines about failures: with the levels `warn` and `error`. */
let lines: string[];
let events: string[];

beforeEach(async () => {
  provider = await startScriptedProvider();
  lines = [];
  events = [];
});

afterEach(async () => {
  Logger.overrideLogger(['error', 'warn']);
  await app?.close();
  app = undefined;
  await provider.close();
});

async function start(
  options: OAuthClientModuleOptions = {},
  platform: 'express' | 'fastify' = 'express',
): Promise<OAuth2App> {
  const dev = clientOf(provider, {
    clientSecret: 'client-s3cret',
    deviceAuthorizationEndpoint: `${provider.url}/device`,
    revocationEndpoint: `${provider.url}/revoke`,
  });
  app = await testApp({ platform, clients: { dev }, exposeErrors: false, ...options });
  const keep = (message: unknown): void => void lines.push(String(message));
  const event = (message: unknown): void => void events.push(String(message));
  Logger.overrideLogger({ log: event, debug: event, warn: keep, error: keep });
  return app.registry.get<OAuth2App>('dev');
}

async function signIn(query = 'code=the-c0de-of-ada'): Promise<Page> {
  return new Visitor(() => app).signIn(query);
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16);
}

async function failure(run: Promise<unknown>): Promise<OAuthError> {
  return run.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as OAuthError,
  );
}

describe.each(['express', 'fastify'] as const)('a failed login on %s', (platform) => {
  it('is logged on one line with the reference, and the provider’s status and description', async () => {
    await start({}, platform);
    provider.on('POST /token', () => ({
      status: 401,
      json: { error: 'invalid_client', error_description: 'client-s3cret is not the secret\nof id' },
    }));
    const page = await signIn();
    const { reference, ...body } = page.json() as { reference: string };
    expect(body).toEqual({ error: 'invalid_client', error_description: expect.not.stringMatching(/secret|http/) });
    expect(lines).toEqual([
      'login failed client=dev error=invalid_client description="[redacted] is not the secret of id" step=complete ' +
        `provider_status=401 reference=${reference}`,
    ]);
  });

  it('is logged with its reference if the provider is unknown', async () => {
    await start({}, platform);
    const { reference } = (await new Browser().get(`${app?.url}/auth/nobody/login`)).json() as { reference: string };
    expect(lines).toEqual([expect.stringMatching(new RegExp(`unknown_provider .*reference=${reference}$`))]);
  });

  it.each<[string, (value: string) => string]>([
    ['in quoted-printable', (value) => value.replace(/./g, (character) => `=${hexOf(character).toUpperCase()}`)],
    ['with escapes of JavaScript', (value) => value.replace(/./g, (character) => `\\x${hexOf(character)}`)],
    ['with escapes of code points', (value) => value.replace(/./g, (character) => `\\u{${hexOf(character)}}`)],
    ['with entities of HTML', (value) => value.replace(/./g, (character) => `&amp;#x${hexOf(character)};`)],
    ['in hex with colons', (value) => value.replace(/./g, (character) => `:${hexOf(character)}`)],
    ['in hex with spaces', (value) => value.replace(/./g, (character) => ` ${hexOf(character)}`)],
    ['over several lines', (value) => value.replace(/.{5}/g, '$&\r\n')],
    ['with invisible characters', (value) => Array.from(value).join('\u200b')],
  ])('is logged without an authorization code that the provider repeats %s', async (_, encode) => {
    await start({}, platform);
    provider.on('POST /token', ({ body }) => {
      const code = new URLSearchParams(body.toString()).get('code') ?? '';
      return { status: 400, json: { error: 'invalid_grant', error_description: `code <${encode(code)}> used` } };
    });
    await signIn();
    expect(lines).toEqual([expect.stringMatching(/description="code <\s*:?\[redacted\]\s*> used"/)]);
  });

  it('is logged with the status of a successful response without a token', async () => {
    await start({}, platform);
    provider.on('POST /token', () => ({ body: '<h1>Welcome</h1>', headers: { 'content-type': 'text/html' } }));
    await signIn();
    expect(lines).toEqual([expect.stringMatching(/error=token_invalid .* provider_status=200 /)]);
  });

  it('shows the description of an unknown provider only with exposeErrors', async () => {
    for (const [exposeErrors, description] of [
      [true, 'there is no such provider to sign in with'],
      [false, 'There is no such sign-in provider.'],
    ] as const) {
      await app?.close();
      await start({ exposeErrors }, platform);
      const page = await new Browser().get(`${app?.url}/auth/nobody/login`);
      expect(page.json()).toMatchObject({ error: 'unknown_provider', error_description: description });
    }
  });

  it('is logged with its reason if another browser began it', async () => {
    await start({}, platform);
    const page = await new Browser().get(`${app?.url}/auth/dev/callback?code=c&state=s`);
    const { reference } = page.json() as { reference: string };
    expect(lines).toEqual([
      expect.stringMatching(
        new RegExp(
          `^login failed client=dev error=mismatching_state reason=\\w+ description=.*step=complete reference=${reference}$`,
        ),
      ),
    ]);
  });
});

it('logs the redirect URI when a login begins', async () => {
  await start();
  await signIn();
  expect(events).toContain(`login begun client=dev redirect_uri=${app?.url}/auth/dev/callback`);
});

describe('a login that a custom app class begins', () => {
  const clients = (appClass: typeof OAuth2App) => ({ dev: { ...clientOf(provider), appClass } });
  const begin = () => new Browser().get(`${app?.url}/auth/dev/login`, { follow: false });

  class Refusing extends OAuth2App {
    override createAuthorizationUrl(): never {
      throw new ForbiddenException('closed today');
    }
  }
  class Waiting extends OAuth2App {
    override async createAuthorizationUrl(redirectUri?: string) {
      await Promise.resolve();
      return super.createAuthorizationUrl(redirectUri, { prompt: 7 as unknown as string });
    }
  }
  class Calling extends OAuth2App {
    override createAuthorizationUrl(redirectUri?: string) {
      return super.createAuthorizationUrl(redirectUri, { prompt: 7 as unknown as string });
    }
  }

  it.each([
    ['throws an exception of Nest', Refusing, /^login failed client=dev error=ForbiddenException step=begin$/],
    [
      'calls the method of this library',
      Calling,
      /^login failed client=dev error=invalid_login_parameter .*step=begin /,
    ],
    ['calls it later', Waiting, /^operation failed client=dev error=invalid_login_parameter .*step=authorization_url /],
  ])('and that fails is logged on one line if the class %s', async (_, appClass, line) => {
    await start({ clients: clients(appClass) });
    expect((await begin()).status).toBeGreaterThanOrEqual(400);
    expect(lines).toEqual([expect.stringMatching(line)]);
  });
});

it('a failed access token request of OAuth 1 is logged as a failed login', async () => {
  await start({ clients: { dev: oauth1ClientOf(provider, { accessTokenUrl: `${provider.url}/token` }) } });
  provider.on('POST /request-token', () => ({
    body: 'oauth_token=t&oauth_token_secret=s3cret&oauth_callback_confirmed=true',
  }));
  provider.on('POST /token', () => ({ status: 500 }));
  const visitor = new Visitor(() => app);
  await visitor.login('dev');
  await visitor.callback({ oauth_token: 't', oauth_verifier: 'v' }, 'dev');
  expect(lines).toEqual([
    expect.stringMatching(/^login failed client=dev error=provider_unavailable .*step=complete /),
  ]);
});

it('a custom method that calls the API is logged on one line with its own step', async () => {
  class Emails extends OAuth2App {
    email(): Promise<unknown> {
      return this.guarded(async () => (await this.get('emails', { token: TOKEN })).data, 'verified_email');
    }
  }
  const dev = await start({ clients: { dev: { ...clientOf(provider), appClass: Emails } } });
  provider.on('GET /api/emails', () => ({ status: 500 }));
  await failure((dev as Emails).email());
  expect(lines).toEqual([expect.stringMatching(/^operation failed client=dev .*step=verified_email /)]);
});

it('an exception that the application throws again for every request is logged each time', async () => {
  const refusal = new ForbiddenException('not signed in');
  const dev = await start({
    fetchToken: () => {
      throw refusal;
    },
  });
  const request = { headers: {} } as OAuthRequest;
  for (let call = 0; call < 3; call++) {
    await failure(dev.get('me', { request }));
    await sleep(1);
  }
  expect(lines).toEqual(Array(3).fill('operation failed client=dev error=ForbiddenException step=api_call'));
});

describe('a failed API call', () => {
  it.each<[string, object, string]>([
    ['JSON', { status: 403, json: { message: 'Missing scope "repo"' } }, 'detail="Missing scope \\"repo\\""'],
    ['a page', { status: 503, body: '<html><h1>Down for <b>repair</b></h1></html>' }, 'detail="Down for repair"'],
    ['the token', { status: 403, json: { error: 'bad', detail: 'access-of-ada' } }, '[redacted]'],
    ['the token in hex', { status: 403, body: Buffer.from(TOKEN.accessToken).toString('hex') }, 'detail=[redacted]'],
  ])('is logged on one line with the response of the API: %s', async (_, answer, said) => {
    const dev = await start();
    provider.on('GET /api/me', () => answer);
    const { status } = answer as { status: number };
    const error = await failure(dev.get('me', { token: TOKEN }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`operation failed client=dev error=${error.error} description=`);
    expect(lines[0]).toContain(`step=api_call provider_status=${status} detail=`);
    expect(lines[0]?.replaceAll('"[redacted]"', '[redacted]')).toContain(said);
    expect(lines[0]).toMatch(new RegExp(`reference=${error.reference}$`));
    expect(lines[0]).not.toContain(TOKEN.accessToken);
  });

  it('is logged with at most 300 characters of the response, on one line', async () => {
    const dev = await start();
    provider.on('GET /api/me', () => ({ status: 500, body: `x\nlogin finished ${'y'.repeat(5000)}` }));
    await failure(dev.get('me', { token: TOKEN }));
    const [, detail = ''] = / detail="(.*)" reference/.exec(lines[0] ?? '') ?? [];
    expect([detail.length, detail.startsWith('x login finished'), lines.length]).toEqual([300, true, 1]);
  });

  it('does not read a stream, which the caller may read', async () => {
    const dev = await start();
    provider.on('GET /api/me', () => ({ status: 404, body: 'for the caller' }));
    const error = (await failure(dev.get('me', { token: TOKEN, responseType: 'stream' }))) as ProviderError;
    const chunks = await (error.answer?.data as Readable).toArray();
    expect(Buffer.concat(chunks as Buffer[]).toString()).toBe('for the caller');
    expect(lines).toEqual([expect.stringContaining('provider_status=404 reference=')]);
  });

  it('is logged once, even if the error response is read', async () => {
    const dev = await start();
    provider.on('GET /api/me', () => ({ status: 404 }));
    const error = await failure(dev.get('me', { token: TOKEN }));
    expect(error.getResponse()).toMatchObject({ reference: error.reference });
    expect(lines).toHaveLength(1);
  });
});

describe('a failure of the provider', () => {
  it.each<[string, string, object | 'hang up' | undefined]>([
    ['no connection', 'provider_unreachable', undefined],
    ['a page with status 503', 'provider_unavailable', { status: 503 }],
    ['status 429', 'provider_rate_limited', { status: 429 }],
    ['status 404', 'provider_refused', { status: 404 }],
    ['a redirect', 'provider_redirected', { status: 302, headers: { location: '/elsewhere' } }],
  ])('has a code in the response and in the log: %s has the code %s', async (_, code, answer) => {
    const dev = await start();
    if (answer) provider.on('GET /api/me', () => answer as object);
    const url = answer ? 'me' : 'http://127.0.0.1:1/';
    const error = await failure(dev.get(url, { withholdToken: true, maxRedirects: 0 }));
    expect([error.error, (error.getResponse() as { error: string }).error]).toEqual([code, code]);
    expect(lines).toEqual([expect.stringContaining(`error=${code} `)]);
  });

  it('has the code provider_timeout after a timeout', async () => {
    const dev = await start();
    provider.on('GET /api/me', () => new Promise<never>(() => undefined));
    const error = await failure(dev.get('me', { token: TOKEN, timeout: 50 }));
    expect([error.error, error.getStatus()]).toEqual(['provider_timeout', 504]);
  });

  it('has the code request_canceled if the caller aborts', async () => {
    const dev = await start();
    expect((await failure(dev.get('me', { token: TOKEN, signal: AbortSignal.abort() }))).error).toBe(
      'request_canceled',
    );
  });
});

describe('a failed refresh', () => {
  it('is logged on one line for simultaneous calls', async () => {
    const tokenStore = new MemoryTokenStore();
    const dev = await start({ tokenStore });
    await tokenStore.save({ name: 'dev', user: 'ada' }, EXPIRED, null);
    provider.on('POST /token', () => ({ status: 503, body: 'maintenance until noon' }));
    const errors = await Promise.all([1, 2, 3].map(() => failure(dev.get('me', { user: 'ada' }))));
    expect(new Set(errors.map(({ reference }) => reference)).size).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(
        /^refresh failed client=dev error=provider_unavailable description=.* step=refresh provider_status=503 detail="maintenance until noon" reference=\w+$/,
      ),
    ]);
  });

  it('is logged on one line with the provider’s reason if it ends the login', async () => {
    const tokenStore = new MemoryTokenStore();
    const dev = await start({ tokenStore });
    await tokenStore.save({ name: 'dev', user: 'ada' }, EXPIRED, null);
    const answer = { error: 'invalid_grant', error_description: 'revoked by the user' };
    provider.on('POST /token', () => ({ status: 400, json: answer }));
    const { reference } = await failure(dev.get('me', { user: 'ada' }));
    expect(lines).toEqual([
      expect.stringMatching(
        new RegExp(
          `^token revoked client=dev error=token_revoked description=.*revoked by the user.*reference=${reference}$`,
        ),
      ),
    ]);
  });
});

it('logs one line for each failed device authorization, poll and revocation', async () => {
  const dev = await start();
  provider.on('POST /device', () => ({ status: 400, json: { error: 'invalid_scope' } }));
  await failure(dev.deviceAuthorization());
  provider.on('POST /device', () => ({
    json: { device_code: 'd', user_code: 'u', verification_uri: 'https://p.test', expires_in: 5, interval: 1 },
  }));
  provider.on('POST /token', () => ({ status: 400, json: { error: 'access_denied' } }));
  await failure((await dev.deviceAuthorization()).wait());
  provider.on('POST /revoke', () => ({ status: 500, body: 'out of order' }));
  await failure(dev.revokeToken({ token: TOKEN }));
  expect(lines.map((line) => / step=(\w+) provider_status=(\d+)/.exec(line)?.slice(1))).toEqual([
    ['device_authorization', '400'],
    ['device_poll', '400'],
    ['revocation', '500'],
  ]);
});

it.each([300, 400, 409, 504])('does not log a device code in a response with the status %s', async (status) => {
  const dev = await start();
  const codes = { device_code: 'device-code-1', deviceCode: 'device-code-1', auth_req_id: 'device-code-1' };
  const answers = [
    { json: codes },
    { body: JSON.stringify({ message: 'no', details: codes }) },
    { body: `${JSON.stringify(codes)},` },
  ];
  for (const answer of answers) {
    provider.on('POST /device', () => ({ status, ...answer }));
    await failure(dev.deviceAuthorization());
  }
  expect(lines).toHaveLength(answers.length);
  expect(lines.join()).not.toContain('device-code-1');
});

describe('a store that fails', () => {
  const broken = (): never => {
    throw Object.assign(new Error('connect ECONNREFUSED; access-of-ada; password=hunter2'), { code: 'ECONNREFUSED' });
  };

  it('is logged on one line with its redacted message and code if it keeps tokens', async () => {
    const tokenStore: TokenStore = Object.assign(new MemoryTokenStore(), { fetch: async () => broken() });
    const dev = await start({ tokenStore });
    const { reference } = await failure(dev.get('me', { user: 'ada' }));
    expect(lines).toEqual([
      expect.stringMatching(
        new RegExp(
          `^token not read client=dev error=token_store_error .*detail="connect ECONNREFUSED; .*; password=\\[redacted\\]" reference=${reference}$`,
        ),
      ),
    ]);
  });

  it('is logged on one line with its message and code, without its value, if it keeps logins', async () => {
    let kept = '';
    const set = async (_id: string, value: string): Promise<never> => {
      kept = value;
      throw Object.assign(new Error(`cannot keep ${value}`), { code: 'EIO' });
    };
    await start({ state: { set, take: async () => broken(), has: async () => broken() } });
    const { status, text } = await new Browser().get(`${app?.url}/auth/dev/login`, { follow: false });
    expect([status, text.includes('EIO')]).toEqual([500, false]);
    expect(lines).toEqual([
      expect.stringMatching(
        /^operation failed client=dev error=state_store_error .*step=begin detail="cannot keep \[redacted\] \(EIO\)"/,
      ),
    ]);
    expect(lines[0]).not.toContain(kept);
  });
});

it('an error has a message for the user, a description for the developer, and a reference', async () => {
  const dev = await start();
  const error = await failure(dev.get('http://127.0.0.1:1/', { withholdToken: true }));
  expect(error.description).toContain('127.0.0.1:1');
  expect(error.userMessage).toBe('The sign-in provider cannot be reached. Please try again later.');
  expect(error.getResponse()).toEqual({
    error: 'provider_unreachable',
    error_description: error.userMessage,
    reference: error.reference,
  });
  expect(JSON.parse(JSON.stringify(error))).toMatchObject({ reference: error.reference });
});
