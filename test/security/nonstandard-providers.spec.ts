import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OAuthConfigError, type OAuth2App } from 'nestjs-oauth-client';
import { inspect } from 'node:util';
import { registryWith } from '../config/registry-with.js';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const SETTINGS = {
  clientId: 'dev',
  clientSecret: 'm4rk3r-secret',
  authorizeUrl: 'https://provider.test/authorize',
  accessTokenUrl: 'https://provider.test/token',
};

/** Returns the faults of a client's settings at start-up, or an empty list. */
async function faultsOf(settings: object): Promise<readonly string[]> {
  try {
    await registryWith({ options: { clients: { dev: { ...SETTINGS, ...settings } } } });
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(OAuthConfigError);
    expect(inspect(error)).not.toContain('m4rk3r');
    return (error as OAuthConfigError).faults;
  }
}

describe('settings that would turn off a check of the login', () => {
  it.each([
    ['state', false],
    ['state', 'other'],
    ['nonce', false],
    ['nonce', 'other'],
    ['code_challenge', false],
    ['code_challenge', 'challenge'],
    ['code_challenge_method', false],
    ['code_challenge_method', 'method'],
    ['dpop_jkt', false],
    ['request', false],
    ['request_uri', 'uri'],
  ])('are refused: the name of %s is %j', async (name, sent) => {
    const faults = await faultsOf({ authorizationRequest: { parameterNames: { [name]: sent } } });
    expect(faults).toEqual([expect.stringMatching(`^dev\\.authorization_request\\.parameter_names\\.${name}: `)]);
  });

  it('are refused without a state, unless the state is in the redirect URI', async () => {
    const parameterNames = { state: false };
    expect(await faultsOf({ authorizationRequest: { parameterNames } })).toHaveLength(1);
    expect(await faultsOf({ authorizationRequest: { parameterNames, stateInRedirectUri: false } })).toHaveLength(1);
    expect(await faultsOf({ authorizationRequest: { parameterNames, stateInRedirectUri: true } })).toEqual([]);
  });

  it.each<[string, { authorizationRequest?: object; registeredRedirectUri?: string }]>([
    ['a redirect URI that is not sent', { authorizationRequest: { parameterNames: { redirect_uri: false } } }],
    ['a redirect URI that is a name', { registeredRedirectUri: 'RuName' }],
  ])('are refused: the state is in %s', async (_what, settings) => {
    const authorizationRequest = { ...settings.authorizationRequest, stateInRedirectUri: true };
    expect(await faultsOf({ ...settings, authorizationRequest })).toHaveLength(1);
  });

  it.each([
    ['scope', 'state'],
    ['login_hint', 'nonce'],
    ['prompt', 'code_challenge'],
    ['scope', 'redirect_uri'],
    ['login_hint', 'client_id'],
  ])('are refused: %s would be sent as %s', async (name, sent) => {
    const faults = await faultsOf({ authorizationRequest: { parameterNames: { [name]: sent } } });
    expect(faults).toEqual([expect.stringContaining('has the name of another parameter')]);
  });

  it('are refused: a parameter would take the name of the omitted state', async () => {
    const authorizationRequest = { parameterNames: { state: false, scope: 'state' }, stateInRedirectUri: true };
    expect(await faultsOf({ authorizationRequest })).toHaveLength(1);
  });

  it('are refused: two parameters would have one name', async () => {
    const parameterNames = { client_id: 'key', scope: 'key' };
    expect(await faultsOf({ authorizationRequest: { parameterNames } })).toHaveLength(2);
    expect(await faultsOf({ tokenRequest: { parameterNames } })).toHaveLength(2);
  });

  it.each([
    ['tokenRequest', 'code', false],
    ['tokenRequest', 'refresh_token', false],
    ['tokenRequest', 'code_verifier', false],
    ['tokenRequest', 'code', 'client_id'],
    ['tokenRequest', 'scope', 'client_secret'],
    ['refreshRequest', 'refresh_token', false],
    ['refreshRequest', 'scope', 'grant_type'],
    ['longLivedTokenRequest', 'access_token', false],
    ['longLivedTokenRequest', 'access_token', 'client_secret'],
  ])('are refused in %s: the name of %s is %j', async (key, name, sent) => {
    const long = key === 'longLivedTokenRequest' ? { url: 'https://provider.test/long', grantType: 'x' } : {};
    const faults = await faultsOf({ [key]: { ...long, parameterNames: { [name]: sent } } });
    expect(faults).toEqual([expect.stringContaining(`.parameter_names.${name}: `)]);
  });

  it('are refused if a renamed secret would be sent under its name in a header instead', async () => {
    const tokenRequest = { parameterNames: { client_secret: 'secret' } };
    const accepted = { clientKwargs: { tokenEndpointAuthMethod: 'client_secret_post' } };
    const refused = { clientKwargs: { tokenEndpointAuthMethod: 'client_secret_basic' } };
    expect(await faultsOf({ tokenRequest })).toEqual([expect.stringContaining('client_secret_post')]);
    expect(await faultsOf({ tokenRequest, ...refused })).toHaveLength(1);
    expect(await faultsOf({ tokenRequest, ...accepted })).toEqual([]);
    expect(await faultsOf({ tokenRequest, clientSecret: '' })).toEqual([]);
  });

  it.each(['tokenRequest', 'refreshRequest'])(
    'are refused: %s sends a secret that the client does not have',
    async (key) => {
      const settings = { [key]: { headers: { secret_key: 'x {client_secret}' } } };
      expect(await faultsOf({ ...settings, clientSecret: '' })).toEqual([expect.stringContaining('no client_secret')]);
      expect(await faultsOf(settings)).toEqual([]);
    },
  );

  it('are refused for pushed and signed requests, whose names are standard', async () => {
    const authorizationRequest = { parameterNames: { client_id: 'key' } };
    const push = {
      requirePushedAuthorizationRequests: true,
      pushedAuthorizationRequestEndpoint: 'https://provider.test/par',
    };
    expect(await faultsOf({ authorizationRequest, ...push })).toHaveLength(1);
    expect(await faultsOf({ authorizationRequest: { fragment: '#x' }, ...push })).toEqual([]);
    const signed = { requireSignedRequestObject: true };
    expect(await faultsOf({ authorizationRequest, ...signed })).toContainEqual(
      expect.stringContaining('authorization_request.parameter_names'),
    );
  });

  it('are refused if the format contradicts access_token_params.method', async () => {
    const accessTokenParams = { method: 'GET' };
    expect(await faultsOf({ accessTokenParams, tokenRequest: { format: 'json' } })).toHaveLength(1);
    expect(await faultsOf({ accessTokenParams, tokenRequest: { format: 'query' } })).toEqual([]);
  });

  it.each(['#a?b=c', '#', 'wechat', '#a#b', '#a b', '?x=1'])('are refused: the fragment is %j', async (fragment) => {
    expect(await faultsOf({ authorizationRequest: { fragment } })).toHaveLength(1);
  });

  it.each(['Host', 'content-length', 'Transfer-Encoding', 'X-Forwarded-For', 'bad name', 'x\r\ny'])(
    'are refused: a token request with the header %j',
    async (name) => {
      for (const key of ['tokenRequest', 'refreshRequest']) {
        expect(await faultsOf({ [key]: { headers: { [name]: 'x' } } })).toHaveLength(1);
      }
    },
  );
});

describe('a URL inside other settings', () => {
  const long = (url: string): object => ({ longLivedTokenRequest: { url, grantType: 'x' } });

  it.each([
    ['http://provider.test/long', {}],
    ['http://127.0.0.1/long', {}],
    ['http://provider.test/long', { allowInsecureHttp: true }],
  ])('must not be %s with %j, because it receives the token and the secret', async (url, more) => {
    expect(await faultsOf({ ...long(url), ...more })).toEqual([
      expect.stringMatching(/^dev\.long_lived_token_request\.url: must be https/),
    ]);
  });

  it('may be http on this machine with allow_insecure_http', async () => {
    expect(await faultsOf({ ...long('http://127.0.0.1/long'), allowInsecureHttp: true })).toEqual([]);
  });

  it('must not be http for a tenant, and is checked in every spelling of the keys', async () => {
    const registry = await registryWith({});
    const tenant = { ...SETTINGS, long_lived_token_request: { url: 'http://provider.test/long', grant_type: 'x' } };
    expect(() => registry.register('tenant', tenant)).toThrow('long_lived_token_request.url: must be https');
  });
});

describe('attacks on the requests and responses of a non-standard provider', () => {
  let provider: ScriptedProvider;
  let app: TestApp;
  let visitor: Visitor;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    for (const route of ['POST /token', 'GET /token']) provider.on(route, () => ({ json: { access_token: 'a' } }));
    visitor = new Visitor(() => app);
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  async function start(settings: object): Promise<OAuth2App> {
    app = await testApp({ clients: { dev: clientOf(provider, settings) } });
    return app.registry.get<OAuth2App>('dev');
  }

  const MIXCLOUD = { authorizationRequest: { parameterNames: { state: false as const }, stateInRedirectUri: true } };

  it('a callback without the state of the redirect URI, or with the state of another browser, does not sign in', async () => {
    await start(MIXCLOUD);
    const { location } = await visitor.login();
    const redirectUri = new URL(location.searchParams.get('redirect_uri') ?? '');
    const state = redirectUri.searchParams.get('state') ?? '';
    const stranger = new Visitor(() => app);
    const { location: foreign } = await stranger.login();
    const other = new URL(foreign.searchParams.get('redirect_uri') ?? '').searchParams.get('state') ?? '';
    for (const query of ['code=c', 'code=c&state=', `code=c&state=${other}`, `code=c&state=${other}&state=${state}`]) {
      expect((await visitor.callback(query)).status).toBe(400);
    }
    expect(provider.requests).toEqual([]);
  });

  it('parameters of a login cannot replace renamed parameters', async () => {
    const dev = await start({ authorizationRequest: { parameterNames: { client_id: 'client_key' } } });
    const { url } = await dev.createAuthorizationUrl('https://app.test/cb', { client_key: 'evil', client_id: 'evil' });
    const { searchParams } = new URL(url);
    expect(searchParams.getAll('client_key')).toEqual(['dev']);
    expect(searchParams.has('client_id')).toBe(false);
  });

  it.each(['form', 'json', 'query'])(
    'a parameter of the callback cannot replace a renamed credential in the format %s',
    async (format) => {
      await start({
        tokenRequest: {
          format,
          parameterNames: { client_id: 'appid', client_secret: 'secret' },
          callbackParameters: ['appid', 'secret', 'other'],
        },
        clientKwargs: { tokenEndpointAuthMethod: 'client_secret_post' },
      });
      await visitor.signIn('code=c&appid=evil&secret=evil&other=fine');
      const { url, body } = provider.requests.at(-1)!;
      const text = format === 'query' ? new URL(url, provider.url).search : body.toString();
      expect(text).toContain('dev-secret');
      expect(text).toContain('fine');
      expect(text).not.toContain('evil');
    },
  );

  it.each(['client_id', 'client_secret', 'client_assertion', 'client_assertion_type', 'grant_type'])(
    'a parameter of an unknown grant cannot replace %s',
    async (name) => {
      const dev = await start({ clientKwargs: { tokenEndpointAuthMethod: 'client_secret_post' } });
      const camelCase = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      const requests = [
        { [name]: 'evil' },
        { params: { [name]: 'evil' } },
        ...(camelCase === 'grantType' ? [] : [{ [camelCase]: 'evil' }]),
      ];
      for (const more of requests) {
        const call = dev.fetchAccessToken({ grantType: 'urn:x', ...more });
        await expect(call).rejects.toMatchObject({ error: 'invalid_request', status: 500 });
      }
      expect(provider.requests).toEqual([]);
    },
  );

  describe('a hostile token response', () => {
    /** The raw JSON keeps `__proto__` as a key. */
    async function tokenFrom(body: string, tokenResponse: object): Promise<Record<string, unknown>> {
      provider.on('POST /token', () => ({ headers: { 'content-type': 'application/json' }, body }));
      await start({ tokenResponse });
      return (await visitor.signIn()).json() as Record<string, unknown>;
    }

    it.each(['__proto__', 'constructor', 'constructor.prototype', 'toString', 'a.__proto__', 'length', 'a.b.c'])(
      'has nothing at the inherited path %s',
      async (path) => {
        const answer = await tokenFrom('{"a":{"x":1},"access_token":"t"}', { path });
        expect(answer).toMatchObject({ error: 'token_invalid' });
      },
    );

    it.each([
      ['{"__proto__":{"access_token":"evil","polluted":true}}', { path: 'body' }],
      ['{"body":{"__proto__":{"access_token":"evil","polluted":true}}}', { path: 'body' }],
      ['{"__proto__":{"token":"evil","polluted":true}}', { fieldNames: { access_token: 'token' } }],
    ])('cannot supply a token by a prototype: %s', async (body, tokenResponse) => {
      expect(await tokenFrom(body, tokenResponse)).toMatchObject({ error: 'token_invalid' });
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });

    it('cannot pollute a prototype even if the settings name it', async () => {
      const fieldNames = JSON.parse('{"__proto__":"x","access_token":"t"}') as Record<string, string>;
      await tokenFrom('{"__proto__":{"x":{"polluted":true},"t":"a"}}', { path: '__proto__', fieldNames });
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });

    it('is not completed with fields of a polluted prototype', async () => {
      const value = { access_token: 'evil' };
      Object.defineProperty(Object.prototype, 'polluted_body', { value, configurable: true });
      Object.defineProperty(Object.prototype, 'polluted_token', { value: 'evil', configurable: true });
      try {
        expect(await tokenFrom('{"a":1}', { path: 'polluted_body' })).toMatchObject({ error: 'token_invalid' });
        await app.close();
        const fieldNames = { access_token: 'polluted_token' };
        expect(await tokenFrom('{"a":1}', { fieldNames })).toMatchObject({ error: 'token_invalid' });
      } finally {
        Reflect.deleteProperty(Object.prototype, 'polluted_body');
        Reflect.deleteProperty(Object.prototype, 'polluted_token');
      }
    });

    it('does not pass off the token of another party when the user’s token is missing', async () => {
      const bot = { access_token: 'bot', refresh_token: 'bot-refresh', id_token: 'x', expires_in: 60 };
      expect(await tokenFrom(JSON.stringify({ ...bot, authed_user: {} }), { path: 'authed_user' })).toMatchObject({
        error: 'token_invalid',
      });
      await app.close();
      const user = JSON.stringify({ ...bot, authed_user: { access_token: 'user' } });
      const { token } = await tokenFrom(user, { path: 'authed_user' });
      expect(token).toMatchObject({ accessToken: 'user' });
      expect(JSON.stringify(token)).not.toContain('bot');
      expect(token).not.toHaveProperty('expiresAt');
      await app.close();
      const renamed = await tokenFrom(JSON.stringify(bot), { fieldNames: { access_token: 'user_token' } });
      expect(renamed).toMatchObject({ error: 'token_invalid' });
    });

    it('is an error although a path leads to other fields', async () => {
      const body = JSON.stringify({ ok: false, error: 'invalid_code', authed_user: { id: 'U1' } });
      expect(await tokenFrom(body, { path: 'authed_user' })).toMatchObject({ error: 'invalid_code' });
    });
  });

  describe('an error that repeats the request', () => {
    const SECRETS = ['s3cret-client', 's3cret-code', 's3cret-api-key', 's3cret-refresh', 's3cret-access', 'v3rifier'];

    it.each(['form', 'json', 'query'])('shows no secret of a request in the format %s', async (format) => {
      // the provider repeats the whole request, as it was sent, in the error
      const echo = ({ url, headers, body }: { url: string; headers: object; body: Buffer }): object => ({
        status: 400,
        json: {
          error: 'bad_request',
          error_description: `${decodeURIComponent(url)} ${url} ${body.toString()} ${JSON.stringify(headers)}`.slice(
            0,
            480,
          ),
          message: body.toString(),
        },
      });
      for (const route of ['POST /token', 'GET /token', 'POST /long', 'GET /long']) provider.on(route, echo);
      const tokenRequest = {
        format,
        headers: { 'x-secret': 'Key {client_secret}', 'x-api': 's3cret-api-key-123' },
        parameterNames: {
          client_id: 'k',
          client_secret: 'a',
          code: 'b',
          code_verifier: 'd',
          refresh_token: 'e',
        },
      };
      const dev = await start({
        clientSecret: 's3cret-client-0123456789',
        tokenRequest,
        clientKwargs: { tokenEndpointAuthMethod: 'client_secret_post' },
      });
      const calls = [
        dev.fetchAccessToken({ code: 's3cret-code-0123', codeVerifier: `v3rifier${'x'.repeat(43)}` }),
        dev.fetchAccessToken({
          grantType: 'refresh_token',
          token: { accessToken: 's3cret-access-0123', refreshToken: 's3cret-refresh-0123' },
        }),
        dev.fetchAccessToken({ grantType: 'urn:x', assertion: 's3cret-code-assertion' }),
      ];
      for (const call of calls) {
        const error: unknown = await call.catch((reason: unknown) => reason);
        expect(error).toMatchObject({ error: 'bad_request' });
        const shown = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error);
        for (const secret of SECRETS) expect(shown).not.toContain(secret);
        expect(shown).toContain('[redacted]');
      }
    });

    it.each(['never', 'endless'] as const)('shows no query of a GET whose response is %s', async (reply) => {
      provider.on('GET /token', () => reply);
      const dev = await start({
        clientSecret: 's3cret-client-0123456789',
        tokenRequest: { format: 'query' },
        clientKwargs: { tokenEndpointAuthMethod: 'client_secret_post' },
        http: { timeout: 300 },
      });
      const call = dev.fetchAccessToken({ code: 's3cret-code-0123', codeVerifier: `v3rifier${'x'.repeat(43)}` });
      const error: unknown = await call.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ description: expect.stringContaining(`GET ${provider.url}/token`) });
      for (const secret of SECRETS) expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(secret);
    });

    it('shows no access token of the request for a long-lived token', async () => {
      provider.on('POST /token', () => ({ json: { access_token: 's3cret-access-0123' } }));
      provider.on('GET /long', ({ url }) => ({ status: 400, json: { error: 'no', error_description: url } }));
      const dev = await start({
        clientSecret: 's3cret-client-0123456789',
        longLivedTokenRequest: {
          url: `${provider.url}/long`,
          grantType: 'x',
          format: 'query',
          parameterNames: { access_token: 'q', client_secret: 'z' },
        },
        clientKwargs: { tokenEndpointAuthMethod: 'client_secret_post' },
      });
      const call = dev.fetchAccessToken({ code: 's3cret-code-0123', codeVerifier: 'v'.repeat(43) });
      const error: unknown = await call.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ error: 'no' });
      for (const secret of SECRETS) expect(inspect(error, { depth: 10 })).not.toContain(secret);
    });

    it('shows no part of an unencoded secret with a colon', async () => {
      const dev = await start({
        clientSecret: 'first:s3cret-second-half',
        clientKwargs: { basicAuthEncoding: 'none' },
      });
      provider.on('POST /token', () => ({
        status: 401,
        json: { error: 'invalid_client', error_description: 'bad secret first:s3cret-second-half' },
      }));
      const error: unknown = await dev.fetchAccessToken({ grantType: 'client_credentials' }).catch((e: unknown) => e);
      expect(inspect(error, { depth: 10 })).not.toContain('s3cret');
    });
  });
});
