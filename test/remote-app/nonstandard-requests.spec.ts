import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { ClientRegistration, ComplianceFix, OAuth2App, OAuth2Token } from 'nestjs-oauth-client';
import type { EndpointRequest } from 'nestjs-oauth-client/protocol';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ReceivedRequest, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const TOKEN = { access_token: 'a', token_type: 'Bearer', refresh_token: 'r', expires_in: 3600 };
const POST_SECRET = { tokenEndpointAuthMethod: 'client_secret_post' };

let provider: ScriptedProvider;
let app: TestApp;
let visitor: Visitor;

beforeEach(async () => {
  provider = await startScriptedProvider();
  for (const route of ['POST /token', 'GET /token', 'POST /refresh', 'GET /refresh']) {
    provider.on(route, () => ({ json: TOKEN }));
  }
  visitor = new Visitor(() => app);
});

afterEach(async () => {
  await app.close();
  await provider.close();
});

async function start(settings: Partial<ClientRegistration> & object): Promise<OAuth2App> {
  app = await testApp({ clients: { dev: clientOf(provider, settings) } });
  return app.registry.get<OAuth2App>('dev');
}

/** Signs in, and returns the token request. */
async function tokenRequest(settings: object): Promise<ReceivedRequest> {
  await start(settings);
  const page = await visitor.signIn();
  expect(page.json()).toMatchObject({ token: { accessToken: 'a' } });
  return lastRequest();
}

/** Refreshes a token, and returns the refresh request. */
async function refreshRequest(settings: object, token: Partial<OAuth2Token> = {}): Promise<ReceivedRequest> {
  const dev = await start(settings);
  await dev.fetchAccessToken({
    grantType: 'refresh_token',
    token: { accessToken: 'old', refreshToken: 'old-refresh', ...token },
  });
  return lastRequest();
}

function lastRequest(): ReceivedRequest {
  return provider.requests.at(-1)!;
}

function form({ body }: ReceivedRequest): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(body.toString()));
}

function query({ url }: ReceivedRequest): Record<string, string> {
  return Object.fromEntries(new URL(url, provider.url).searchParams);
}

function json({ body }: ReceivedRequest): unknown {
  return JSON.parse(body.toString());
}

describe('the authorization request of a non-standard provider', () => {
  async function login(settings: object, route?: string): Promise<URL> {
    await start(settings);
    return (await visitor.login(route)).location;
  }

  it('renames the client id (TikTok)', async () => {
    const { searchParams } = await login({ authorizationRequest: { parameterNames: { client_id: 'client_key' } } });
    expect(searchParams.get('client_key')).toBe('dev');
    expect(searchParams.has('client_id')).toBe(false);
    expect(searchParams.get('code_challenge_method')).toBe('S256');
  });

  it('omits the response type (Deezer), also with settings in snake_case', async () => {
    const { searchParams } = await login({ authorization_request: { parameter_names: { response_type: false } } });
    expect(searchParams.has('response_type')).toBe(false);
    expect(searchParams.get('client_id')).toBe('dev');
  });

  it('ends with the fragment, and requests joined scopes (WeChat)', async () => {
    const url = await login({
      authorizationRequest: { parameterNames: { client_id: 'appid' }, fragment: '#wechat_redirect' },
      clientKwargs: { scope: ['snsapi_login', 'snsapi_base'], scopeSeparator: ',' },
    });
    expect(url.href).toMatch(/#wechat_redirect$/);
    expect(url.searchParams.get('appid')).toBe('dev');
    expect(url.searchParams.get('scope')).toBe('snsapi_login,snsapi_base');
  });

  it('sends the scope under another name (Slack)', async () => {
    const { searchParams } = await login({
      authorizationRequest: { parameterNames: { scope: 'user_scope' } },
      authorizeParams: { user_scope: 'ignored' },
      clientKwargs: { scope: 'identity.basic identity.email', scopeSeparator: ',' },
    });
    expect(searchParams.getAll('user_scope')).toEqual(['identity.basic,identity.email']);
    expect(searchParams.has('scope')).toBe(false);
  });

  it.each([
    ['an array in the settings', ['read', 'write'], undefined],
    ['a string in the settings', 'read  write', undefined],
    ['an array of the login', 'other', ['read', 'write']],
    ['a string of the login', 'other', 'read write'],
  ])('joins %s with the separator', async (_what, scope, ofLogin) => {
    const dev = await start({ clientKwargs: { scope, scopeSeparator: ',' } });
    const { url } = await dev.createAuthorizationUrl('https://app.test/cb', ofLogin ? { scope: ofLogin } : {});
    expect(new URL(url).searchParams.get('scope')).toBe('read,write');
  });

  it.each(['openid email', ['email', 'openid'], 'openid,email'])(
    'sends a nonce for the scope %j with a separator',
    async (scope) => {
      const dev = await start({ clientKwargs: { scope, scopeSeparator: ',' } });
      const { url, nonce } = await dev.createAuthorizationUrl('https://app.test/cb');
      expect(new URL(url).searchParams.get('nonce')).toBe(nonce);
      expect(nonce).toHaveLength(43);
    },
  );

  it('sends no nonce for a scope that only resembles openid', async () => {
    const dev = await start({ clientKwargs: { scope: ['openid.x', 'xopenid'], scopeSeparator: ',' } });
    expect((await dev.createAuthorizationUrl('https://app.test/cb')).nonce).toBeUndefined();
  });

  it('sends the state in the redirect URI, which the token request repeats (Mixcloud)', async () => {
    const settings = { authorizationRequest: { parameterNames: { state: false }, stateInRedirectUri: true } };
    const { searchParams } = await login(settings);
    const redirectUri = searchParams.get('redirect_uri') ?? '';
    const state = new URL(redirectUri).searchParams.get('state') ?? '';
    expect(state).toHaveLength(43);
    expect(searchParams.has('state')).toBe(false);
    // the provider adds the code to the redirect URI
    const page = await visitor.get(`${redirectUri}&code=c`);
    expect(page.json()).toMatchObject({ token: { accessToken: 'a' } });
    expect(form(lastRequest())).toMatchObject({ code: 'c', redirect_uri: redirectUri });
  });

  it('keeps the query of a redirect URI that receives the state, and requires a redirect URI', async () => {
    const dev = await start({ authorizationRequest: { stateInRedirectUri: true } });
    const request = await dev.createAuthorizationUrl('https://app.test/cb?tenant=x', { state: 's'.repeat(20) });
    expect(request.redirectUri).toBe(`https://app.test/cb?tenant=x&state=${'s'.repeat(20)}`);
    const { searchParams } = new URL(request.url);
    expect(searchParams.get('redirect_uri')).toBe(request.redirectUri);
    expect(searchParams.get('state')).toBe(request.state);
    await expect(dev.createAuthorizationUrl()).rejects.toMatchObject({ error: 'invalid_redirect_uri', status: 500 });
  });

  it('sends the registered name of the redirect URI in both requests (eBay)', async () => {
    await start({ registeredRedirectUri: 'Ada_Lovelace-AdaLove-app-x' });
    const { location, state } = await visitor.login();
    expect(location.searchParams.get('redirect_uri')).toBe('Ada_Lovelace-AdaLove-app-x');
    await visitor.callback({ code: 'c', state });
    expect(form(lastRequest())).toMatchObject({ redirect_uri: 'Ada_Lovelace-AdaLove-app-x' });
  });

  it('pushes the state in the redirect URI, and refuses renamed parameters if the metadata requires a push', async () => {
    provider.on('POST /par', () => ({ status: 201, json: { request_uri: 'urn:x', expires_in: 60 } }));
    const metadata = {
      issuer: provider.url,
      authorization_endpoint: `${provider.url}/authorize`,
      token_endpoint: `${provider.url}/token`,
      pushed_authorization_request_endpoint: `${provider.url}/par`,
      require_pushed_authorization_requests: true,
    };
    provider.on('GET /.well-known/openid-configuration', () => ({ json: metadata }));
    const settings = { issuer: provider.url, authorizeUrl: undefined, accessTokenUrl: undefined };
    const dev = await start({ ...settings, authorizationRequest: { stateInRedirectUri: true, fragment: '#x' } });
    const { url, state } = await dev.createAuthorizationUrl('https://app.test/cb');
    expect(form(lastRequest()).redirect_uri).toBe(`https://app.test/cb?state=${state}`);
    expect(url).toBe(`${provider.url}/authorize?client_id=dev&request_uri=urn%3Ax#x`);
    await app.close();
    const renaming = await start({ ...settings, authorizationRequest: { parameterNames: { client_id: 'key' } } });
    await expect(renaming.createAuthorizationUrl('https://app.test/cb')).rejects.toThrow('cannot be renamed');
  });
});

describe('the token request of a non-standard provider', () => {
  it('has another name for the client id (TikTok)', async () => {
    const request = await tokenRequest({
      tokenRequest: { parameterNames: { client_id: 'client_key' } },
      clientKwargs: POST_SECRET,
    });
    expect(form(request)).toEqual({
      grant_type: 'authorization_code',
      client_key: 'dev',
      client_secret: 'dev-secret',
      code: 'c',
      code_verifier: expect.any(String),
      redirect_uri: expect.any(String),
    });
  });

  it('is a GET with other names for the credentials (WeChat)', async () => {
    const request = await tokenRequest({
      tokenRequest: {
        format: 'query',
        parameterNames: { client_id: 'appid', client_secret: 'secret', redirect_uri: false },
      },
      clientKwargs: { ...POST_SECRET, codeChallengeMethod: 'none' },
    });
    expect(request.method).toBe('GET');
    expect(query(request)).toEqual({
      grant_type: 'authorization_code',
      appid: 'dev',
      secret: 'dev-secret',
      code: 'c',
    });
    expect(request.headers['content-type']).toBeUndefined();
    expect(request.headers.authorization).toBeUndefined();
    expect(request.body).toHaveLength(0);
  });

  it('has no grant type, and another name for the redirect URI (Untappd)', async () => {
    const request = await tokenRequest({
      tokenRequest: { format: 'query', parameterNames: { redirect_uri: 'redirect_url', grant_type: false } },
      clientKwargs: { ...POST_SECRET, codeChallengeMethod: 'none' },
    });
    expect(query(request)).toEqual({
      client_id: 'dev',
      client_secret: 'dev-secret',
      code: 'c',
      redirect_url: expect.stringContaining('/callback'),
    });
  });

  it('is JSON in camelCase (DingTalk)', async () => {
    const names = {
      client_id: 'clientId',
      client_secret: 'clientSecret',
      grant_type: 'grantType',
      redirect_uri: false,
    };
    const request = await tokenRequest({
      token_request: { format: 'json', parameter_names: names },
      client_kwargs: { token_endpoint_auth_method: 'client_secret_post', code_challenge_method: 'none' },
    });
    expect(request.method).toBe('POST');
    expect(request.headers['content-type']).toBe('application/json');
    expect(json(request)).toEqual({
      clientId: 'dev',
      clientSecret: 'dev-secret',
      grantType: 'authorization_code',
      code: 'c',
    });
  });

  it('is JSON with HTTP Basic, and an array for a repeated parameter (Notion)', async () => {
    const request = await tokenRequest({
      tokenRequest: { format: 'json' },
      resource: ['https://a.test', 'https://b.test'],
    });
    expect(request.headers.authorization).toMatch(/^Basic /);
    expect(json(request)).toMatchObject({ code: 'c', resource: ['https://a.test', 'https://b.test'] });
  });

  it('has a header with the client id (Trovo)', async () => {
    const request = await tokenRequest({
      tokenRequest: { format: 'json', headers: { 'Client-ID': '{client_id}' }, parameterNames: { client_id: false } },
      clientKwargs: POST_SECRET,
    });
    expect(request.headers['client-id']).toBe('dev');
    expect(json(request)).toMatchObject({ client_secret: 'dev-secret' });
    expect(json(request)).not.toHaveProperty('client_id');
  });

  it('has a header with the secret, once (Zalo)', async () => {
    const request = await tokenRequest({
      tokenRequest: {
        headers: { secret_key: '{client_secret}', 'X-App': '{client_id}:{other}' },
        parameterNames: { client_id: 'app_id', client_secret: false },
      },
      clientKwargs: POST_SECRET,
    });
    expect(request.headers.secret_key).toBe('dev-secret');
    expect(request.headers['x-app']).toBe('dev:{other}');
    expect(form(request)).toMatchObject({ app_id: 'dev', code: 'c' });
    expect(request.body.toString()).not.toContain('dev-secret');
  });

  it('keeps the headers of the protocol beside additional headers', async () => {
    const headers = { Authorization: 'Custom x', 'Content-Type': 'text/plain', Accept: 'text/html', 'x-more': '1' };
    const request = await tokenRequest({ tokenRequest: { headers } });
    expect(request.headers).toMatchObject({
      authorization: expect.stringMatching(/^Basic /),
      'content-type': expect.stringContaining('application/x-www-form-urlencoded'),
      accept: 'application/json',
      'x-more': '1',
    });
  });

  it('repeats a parameter of the callback (VK ID)', async () => {
    await start({ tokenRequest: { callbackParameters: ['device_id'], parameterNames: { device_id: 'deviceId' } } });
    await visitor.signIn('code=c&device_id=d1');
    expect(form(lastRequest())).toMatchObject({ code: 'c', deviceId: 'd1' });
  });

  it('is a GET with access_token_params.method, with the names of token_request', async () => {
    const request = await tokenRequest({
      accessTokenParams: { method: 'get', lang: 'en' },
      tokenRequest: { parameterNames: { code: 'auth_code' } },
    });
    expect(request.method).toBe('GET');
    expect(query(request)).toMatchObject({ auth_code: 'c', lang: 'en' });
  });

  it('does not send unencoded credentials unless the settings say so', async () => {
    const credentials = { clientId: 'a+b c', clientSecret: 'p:w%/é' };
    const basic = async (clientKwargs: object): Promise<string> => {
      const { headers } = await tokenRequest({ ...credentials, clientKwargs });
      return Buffer.from(String(headers.authorization).slice('Basic '.length), 'base64').toString();
    };
    expect(await basic({ basicAuthEncoding: 'none' })).toBe('a+b c:p:w%/é');
    await app.close();
    expect(await basic({})).toBe('a%2Bb+c:p%3Aw%25%2F%C3%A9');
  });

  it('shows hooks and custom client authentication the standard form', async () => {
    const seen: EndpointRequest[] = [];
    const complianceFix: ComplianceFix = (session) => {
      session.registerClientAuthMethod('custom', (request, { clientId }) => {
        request.body.set('client_id', clientId);
        request.body.set('token', 'custom-token');
        return request;
      });
      session.registerComplianceHook('refresh_token_request', (request) => {
        seen.push({ ...request, body: new URLSearchParams(request.body) });
        request.body.set('app', 'x');
        return request;
      });
    };
    const request = await refreshRequest({
      complianceFix,
      clientKwargs: { tokenEndpointAuthMethod: 'custom' },
      refreshRequest: { format: 'json', parameterNames: { client_id: 'key', token: 'secret', app: 'application' } },
    });
    expect(Object.fromEntries(seen[0]!.body)).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'old-refresh',
      client_id: 'dev',
      token: 'custom-token',
    });
    expect(json(request)).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'old-refresh',
      key: 'dev',
      secret: 'custom-token',
      application: 'x',
    });
  });

  it('applies to other grants, and has a DPoP proof for its method', async () => {
    provider.on('GET /token', () => ({ json: { ...TOKEN, token_type: 'DPoP' } }));
    const dev = await start({
      tokenRequest: { format: 'query', parameterNames: { grant_type: 'grantType' } },
      dpopBoundAccessTokens: true,
      clientKwargs: { scope: 'a b', scopeSeparator: '|' },
    });
    await dev.fetchAccessToken({ grantType: 'client_credentials' });
    expect(query(lastRequest())).toEqual({ grantType: 'client_credentials', scope: 'a|b' });
    expect(decodeJwt(String(lastRequest().headers.dpop))).toMatchObject({ htm: 'GET', htu: `${provider.url}/token` });
    await dev.fetchAccessToken({ grantType: 'urn:x:custom', scope: ['c', 'd'] });
    expect(query(lastRequest())).toEqual({ grantType: 'urn:x:custom', scope: 'c|d' });
  });

  it('joins the scope of device and backchannel logins', async () => {
    const dev = await start({
      deviceAuthorizationEndpoint: `${provider.url}/device`,
      backchannelAuthenticationEndpoint: `${provider.url}/ciba`,
      tokenRequest: { format: 'json', parameterNames: { client_id: 'key' } },
      clientKwargs: { scope: 'a b', scopeSeparator: ',' },
    });
    await dev.deviceAuthorization().catch(() => undefined);
    expect(form(lastRequest())).toEqual({ client_id: 'dev', scope: 'a,b' }); // the names of the token endpoint do not apply
    await dev.backchannelAuthentication({ loginHint: 'ada', scope: ['c', 'd'] }).catch(() => undefined);
    expect(form(lastRequest())).toMatchObject({ scope: 'c,d' });
  });
});

describe('the refresh request of a non-standard provider', () => {
  it('is made as the token request, without the parameters of the callback', async () => {
    const request = await refreshRequest({
      tokenRequest: {
        format: 'json',
        parameterNames: { client_id: 'clientId', refresh_token: 'refreshToken' },
        callbackParameters: ['device_id'],
        headers: { 'x-app': '{client_id}' },
      },
      clientKwargs: POST_SECRET,
    });
    expect(json(request)).toEqual({
      grant_type: 'refresh_token',
      refreshToken: 'old-refresh',
      clientId: 'dev',
      client_secret: 'dev-secret',
    });
    expect(request.headers['x-app']).toBe('dev');
  });

  it('is a GET without the secret (WeChat)', async () => {
    const request = await refreshRequest({
      refreshTokenUrl: `${provider.url}/refresh`,
      tokenRequest: { format: 'json' },
      refreshRequest: { format: 'query', parameterNames: { client_id: 'appid', client_secret: false } },
      clientKwargs: POST_SECRET,
    });
    expect([request.method, request.path]).toEqual(['GET', '/refresh']);
    expect(query(request)).toEqual({ grant_type: 'refresh_token', refresh_token: 'old-refresh', appid: 'dev' });
  });

  it('has another grant type and sends the access token (Instagram)', async () => {
    const request = await refreshRequest(
      {
        refreshRequest: {
          format: 'query',
          grantType: 'ig_refresh_token',
          parameterNames: { refresh_token: 'access_token', client_id: false, client_secret: false },
        },
        tokenResponse: { fieldNames: { refresh_token: 'access_token' } },
        clientKwargs: POST_SECRET,
      },
      { refreshToken: 'long-lived' },
    );
    expect(query(request)).toEqual({ grant_type: 'ig_refresh_token', access_token: 'long-lived' });
  });

  it('joins the scope of refresh_token_params, and stays a POST with access_token_params.method', async () => {
    const request = await refreshRequest({
      accessTokenParams: { method: 'GET' },
      refreshTokenParams: { scope: 'a b' },
      clientKwargs: { scopeSeparator: ',' },
    });
    expect(request.method).toBe('POST');
    expect(form(request)).toMatchObject({ scope: 'a,b' });
  });

  it('is classified as a refresh also under another grant type', async () => {
    provider.on('POST /token', () => ({ status: 400, json: { error: 'token_expired' } }));
    await expect(refreshRequest({ refreshRequest: { grantType: 'th_refresh_token' } })).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });
});
