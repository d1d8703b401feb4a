import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ConsoleLogger, Controller, Get, Module, Req, type DynamicModule, type INestApplication } from '@nestjs/common';
import type { Request } from 'express';
import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import {
  InjectRemoteApp,
  OAuthCallback,
  OAuthClientModule,
  OAuthError,
  OAuthLogin,
  OAuthRegistry,
  OAuthToken,
  type ClientRegistration,
  type OAuth1App,
  type OAuth2App,
  type OAuth2Token,
  type OAuthClientModuleOptions,
} from 'nestjs-oauth-client';
import { clientOf, oauth1ClientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser } from '../support/browser.js';
import { serve } from '../support/test-app.js';

const RSA_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

const DPOP_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });

/** Each value that must not be shown contains one of these. */
const SECRETS = [
  's3cret-client',
  's3cret-proxy',
  's3cret-token',
  's3cret-refresh',
  's3cret-code',
  's3cret-verifier',
  's3cret-answer',
  's3cret-device',
  String(DPOP_KEY.d),
  ...RSA_KEY.split('\n').slice(1, -2),
];

/** Returns everything that a logger, debugger or careless handler shows of a value. */
function shown(value: unknown): string {
  const lines: string[] = [];
  class Lines extends ConsoleLogger {
    protected override printMessages(messages: unknown[], ...rest: unknown[]): void {
      for (const message of messages) lines.push(this.stringifyMessage(message, 'log'));
      lines.push(...rest.map((part) => (Array.isArray(part) ? part.map(String).join() : String(part))));
    }

    protected override printStackTrace(stack: string): void {
      lines.push(stack);
    }
  }
  for (const json of [false, true]) {
    const logger = new Lines({ json, depth: 20, colors: false });
    logger.log(value);
    logger.error(value, (value as Error).stack);
    logger.warn('what happened', value);
  }
  return [
    inspect(value, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null }),
    inspect(value, { depth: 20 }),
    safeJson(value),
    String((value as Error).stack),
    String(value),
    ...lines,
  ].join('\n');
}

/** Returns JSON, also for circular references. */
function safeJson(value: unknown): string {
  const seen = new Set<unknown>();
  return JSON.stringify([value], (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return String(inner);
    if (typeof inner !== 'object' || inner === null) return inner;
    if (seen.has(inner)) return undefined;
    seen.add(inner);
    return inner;
  });
}

function expectNoSecrets(text: string): void {
  expect(SECRETS.filter((secret) => text.includes(secret))).toEqual([]);
}

function clientsOf(providerUrl: string): Record<string, ClientRegistration> {
  const provider = { url: providerUrl };
  const clientSecret = 's3cret-client';
  return {
    two: clientOf(provider, {
      clientSecret,
      accessTokenParams: { assertion: 's3cret-client' },
      clientKwargs: { codeChallengeMethod: 'S256' },
    }),
    bank: clientOf(provider, {
      clientSecret,
      deviceAuthorizationEndpoint: `${providerUrl}/device`,
      privateKeys: [RSA_KEY, DPOP_KEY],
      dpopKey: DPOP_KEY,
      dpopBoundAccessTokens: true,
      clientKwargs: { tokenEndpointAuthMethod: 'private_key_jwt' },
    }),
    one: oauth1ClientOf(provider, { clientSecret }),
    rsa: oauth1ClientOf(provider, { clientSecret, clientKwargs: { signatureMethod: 'RSA-SHA1', rsaKey: RSA_KEY } }),
  };
}

function optionsFor(providerUrl: string): OAuthClientModuleOptions {
  return {
    clients: clientsOf(providerUrl),
    http: { proxy: false, headers: { common: { 'x-proxy-key': 's3cret-proxy' } }, timeout: 500 },
    tokenStore: { fetchToken: () => ({ access_token: 's3cret-token', refresh_token: 's3cret-refresh' }) },
  };
}

/** Tests the check: an exposed secret must be found. */
it('the check finds an exposed secret', () => {
  for (const value of [
    { deep: { deeper: { client_secret: 's3cret-client' } } },
    new Map([['a', 's3cret-client']]),
    Object.defineProperty({}, 'hidden', { value: 's3cret-client', enumerable: false }),
    new Error('x', { cause: new Error('s3cret-client') }),
  ]) {
    expect(shown(value)).toContain('s3cret-client');
  }
});

describe('secret leakage', () => {
  let provider: ScriptedProvider;
  let app: Awaited<ReturnType<typeof serve>> | undefined;

  beforeAll(async () => {
    provider = await startScriptedProvider();
  });

  afterEach(async () => {
    seenRequests.length = 0;
    await app?.close();
    app = undefined;
  });

  afterAll(() => provider.close());

  const seenRequests: string[] = [];

  async function start(...modules: DynamicModule[]): Promise<INestApplication> {
    @Controller()
    class AppController {
      @InjectRemoteApp('rsa') readonly rsa!: OAuth1App;
      constructor(
        readonly registry: OAuthRegistry,
        @InjectRemoteApp('two') readonly two: OAuth2App,
      ) {}

      @Get('login')
      @OAuthLogin('two', { redirectUri: '/callback' })
      login(): void {}

      @Get('callback')
      @OAuthCallback('two')
      callback(@OAuthToken() token: OAuth2Token, @Req() request: Request): string {
        seenRequests.push(inspect(request, { depth: 6, showHidden: true }));
        return token.tokenType;
      }

      @Get('api')
      async api(@Req() request: Request): Promise<unknown> {
        return (await this.two.get('me', { request })).data;
      }
    }
    @Module({ imports: modules, controllers: [AppController] })
    class AppModule {}
    app = await serve(AppModule, { session: {} });
    return app.app;
  }

  it('dynamic modules of forRoot, forRootAsync and forFeature show no secret', () => {
    const options = optionsFor(provider.url);
    const modules = [
      OAuthClientModule.forRoot(options),
      OAuthClientModule.forRootAsync({ useFactory: () => options }),
      OAuthClientModule.forFeature(options.clients ?? {}),
    ];
    for (const module of modules) {
      expectNoSecrets(shown(module));
      expectNoSecrets(shown({ ...module }));
    }
  });

  it('the registry and the apps of OAuth 1 and OAuth 2 show no secret', async () => {
    const registry = (await start(OAuthClientModule.forRoot(optionsFor(provider.url)))).get(OAuthRegistry);
    const apps = ['one', 'two', 'rsa'].map((name) => registry.get(name));
    for (const value of [registry, ...apps]) expectNoSecrets(shown(value));
    expect(inspect(apps[0])).toContain("name: 'one'");
    expect(JSON.parse(JSON.stringify(apps[1]))).toEqual({ name: 'two', clientId: 'dev' });
  });

  it('an app with configured keys, and its pending device login, show no secret', async () => {
    provider.on('POST /token', () => ({ json: { access_token: 's3cret-token', token_type: 'DPoP' } }));
    provider.on('GET /api/me', () => ({ json: {} }));
    const device = {
      device_code: 's3cret-device',
      user_code: 'ABCD',
      verification_uri: 'https://a.test',
      expires_in: 60,
    };
    provider.on('POST /device', () => ({ json: device }));
    const registry = (await start(OAuthClientModule.forRoot(optionsFor(provider.url)))).get(OAuthRegistry);
    const bank = registry.get<OAuth2App>('bank');
    const token = await bank.fetchAccessToken({ grantType: 'client_credentials' });
    expect(token).not.toHaveProperty('dpopKey'); // the configured key is not copied into the token
    await bank.get('me', { token });
    const pending = await bank.deviceAuthorization();
    expect(pending).toMatchObject({ userCode: 'ABCD', interval: 5 });
    for (const value of [bank, registry, pending, await bank.publicJwks()]) expectNoSecrets(shown(value));
    const sent = provider.requests.find(({ path }) => path === '/token');
    expect(sent?.headers.dpop).toMatch(/^ey/);
  });

  it('an application shows no secret after a login and an API call', async () => {
    const { clients = {}, ...options } = optionsFor(provider.url);
    const { rsa, ...others } = clients;
    const nest = await start(
      OAuthClientModule.forRoot({ ...options, clients: others }),
      OAuthClientModule.forFeature({ rsa: rsa! }),
    );
    provider.on('POST /token', () => ({
      json: { access_token: 's3cret-token', token_type: 'bearer', refresh_token: 's3cret-refresh' },
    }));
    provider.on('GET /api/me', () => ({ json: { ok: true } }));
    const url = await nest.getUrl();
    const browser = new Browser();
    const { headers } = await browser.get(`${url}/login`, { follow: false });
    const state = new URL(headers.get('location') ?? '').searchParams.get('state') ?? '';
    expect((await browser.get(`${url}/callback?code=c&state=${state}`)).text).toBe('bearer');
    expect((await browser.get(`${url}/api`)).json()).toEqual({ ok: true });
    expect(provider.requests.at(-1)?.headers.authorization).toBe('Bearer s3cret-token');
    expectNoSecrets(inspect(nest, { depth: 20, showHidden: true }));
  });

  it('the request of a finished login shows no secret', async () => {
    const nest = await start(OAuthClientModule.forRoot(optionsFor(provider.url)));
    provider.on('POST /token', () => ({ json: { access_token: 's3cret-token', token_type: 'bearer' } }));
    const url = await nest.getUrl();
    const browser = new Browser();
    const { headers } = await browser.get(`${url}/login`, { follow: false });
    const state = new URL(headers.get('location') ?? '').searchParams.get('state') ?? '';
    await browser.get(`${url}/callback?code=c&state=${state}`);
    expect(seenRequests).toEqual([expect.stringContaining('/callback?code=c')]);
    expectNoSecrets(seenRequests.join());
  });

  describe('errors', () => {
    const exchange = { code: 's3cret-code', codeVerifier: 's3cret-verifier'.padEnd(43, 'x') };
    const requestToken = { oauthToken: 's3cret-token', oauthTokenSecret: 's3cret-token' };
    const stored = { access_token: 's3cret-token', refresh_token: 's3cret-refresh' };
    const expired = { ...stored, expires_at: 1 };

    /** Ways to fail: the route that fails, the response of the provider, and the call. */
    const ways: Record<string, [route: string, reply: Parameters<ScriptedProvider['on']>[1], run: Run]> = {
      'of the token endpoint': [
        'POST /token',
        () => ({ status: 400, json: { error: 'invalid_grant', error_description: 'bad' } }),
        ({ two }) => two.fetchAccessToken(exchange),
      ],
      'of a token endpoint that responds with 500': [
        'POST /token',
        ({ body }) => ({ status: 500, body: `s3cret-answer ${body.toString()}` }),
        ({ two }) => two.fetchAccessToken(exchange),
      ],
      'of a token endpoint whose access token is not a string': [
        'POST /token',
        () => ({ json: { access_token: ['s3cret-answer'], token_type: 'bearer' } }),
        ({ two }) => two.fetchAccessToken(exchange),
      ],
      'of a token endpoint that responds in another format': [
        'POST /token',
        () => ({ body: 'access_token=s3cret-answer' }),
        ({ two }) => two.fetchAccessToken(exchange),
      ],
      'of a token of another type': [
        'POST /token',
        () => ({ json: { access_token: 's3cret-answer', token_type: 's3cret-answer' } }),
        ({ two }) => two.fetchAccessToken(exchange),
      ],
      'of a token endpoint that never responds': [
        'POST /token',
        () => 'never',
        ({ two }) => two.fetchAccessToken(exchange),
      ],
      'of a refresh': [
        'POST /token',
        () => ({ status: 401, json: { error: 'invalid_client' } }),
        ({ two }) => two.get('me', { token: expired }),
      ],
      'of an expired token': [
        'GET /api/me',
        () => ({}),
        ({ two }) => two.get('me', { token: { ...expired, refresh_token: null } }),
      ],
      'of an API call that is refused': [
        'POST /api/me',
        () => ({ status: 403, headers: { 'set-cookie': 's3cret-answer' }, body: 's3cret-answer' }),
        ({ two }) => two.post('me', { password: 's3cret-client' }, { token: stored, params: { key: 's3cret-client' } }),
      ],
      'of an API call without a response': [
        'GET /api/me',
        () => 'never',
        ({ two }) => two.get('me', { token: stored, params: { key: 's3cret-client' } }),
      ],
      'of an API call to another origin': [
        'GET /api/me',
        () => ({}),
        ({ two }) =>
          two.get('https://s3cret-client:s3cret-client@elsewhere.test/?key=s3cret-client', { token: stored }),
      ],
      'of an API call that cannot connect': [
        'GET /api/me',
        () => ({}),
        ({ two }) =>
          two.get('http://127.0.0.1:1/?key=s3cret-client', { withholdToken: true, headers: { key: 's3cret-client' } }),
      ],
      'of a stored token of OAuth 1': [
        'GET /api/me',
        () => ({}),
        ({ two }) => two.get('me', { token: { oauth_token: 's3cret-token', oauth_token_secret: 's3cret-token' } }),
      ],
      'of a stored token with a line break': [
        'GET /api/me',
        () => ({}),
        ({ two }) => two.get('me', { token: { access_token: 's3cret-token\r\nx: y' } }),
      ],
      'of an OAuth 1 token endpoint': [
        'POST /access-token',
        ({ headers }) => ({ status: 401, body: `s3cret-answer ${headers.authorization ?? ''}` }),
        ({ one }) => one.fetchAccessToken({ requestToken, verifier: 's3cret-verifier' }),
      ],
      'of an OAuth 1 token endpoint that reports a problem': [
        'POST /access-token',
        () => ({ status: 401, body: 'oauth_problem=token_rejected' }),
        ({ one }) => one.fetchAccessToken({ requestToken, verifier: 's3cret-verifier' }),
      ],
      'of an OAuth 1 token endpoint that responds with half a token': [
        'POST /request-token',
        () => ({ body: 'oauth_token=s3cret-answer' }),
        ({ rsa }) => rsa.createAuthorizationUrl('https://client.test/callback'),
      ],
      'of an OAuth 1 token endpoint that responds with a bare token': [
        'POST /request-token',
        () => ({ body: 's3cret-answer' }),
        ({ rsa }) => rsa.createAuthorizationUrl('https://client.test/callback'),
      ],
      'of an OAuth 1 token endpoint that does not confirm the callback': [
        'POST /request-token',
        () => ({ body: 'oauth_token=s3cret-answer&oauth_token_secret=s3cret-answer' }),
        ({ one }) => one.createAuthorizationUrl('https://client.test/callback'),
      ],
      'of an OAuth 1 API call that is refused': [
        'GET /api/me',
        () => ({ status: 401, body: 's3cret-answer' }),
        ({ rsa }) => rsa.get('me', { token: requestToken }),
      ],
      'of an OAuth 1 call without a request token': ['GET /api/me', () => ({}), ({ one }) => one.fetchAccessToken({})],
      'of an OAuth 1 call without a verifier': [
        'GET /api/me',
        () => ({}),
        ({ one }) => one.fetchAccessToken({ requestToken }),
      ],
    };

    it.each(Object.entries(ways))('an error %s shows no secret', async (_, [route, reply, run]) => {
      const registry = (await start(OAuthClientModule.forRoot(optionsFor(provider.url)))).get(OAuthRegistry);
      provider.on(route, reply);
      const error: unknown = await run({
        one: registry.get('one'),
        two: registry.get('two'),
        rsa: registry.get('rsa'),
      }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(OAuthError);
      expectNoSecrets(shown(error));
      expectNoSecrets(JSON.stringify((error as OAuthError).getResponse()));
    });
  });
});

type Run = (apps: { one: OAuth1App; two: OAuth2App; rsa: OAuth1App }) => Promise<unknown>;
