import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ComplianceFix, OAuth2App, OAuth2Token } from 'nestjs-oauth-client';
import type { TokenKey } from 'nestjs-oauth-client/stores';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const ADA: TokenKey = { name: 'dev', user: 'ada' };
const EXPIRED = { accessToken: 'old', tokenType: 'bearer', refreshToken: 'old-refresh', expiresAt: 1 };

let provider: ScriptedProvider;
let app: TestApp;
let store: MemoryTokenStore;

beforeEach(async () => {
  provider = await startScriptedProvider();
  provider.on('GET /api/me', ({ headers }) => ({ json: headers.authorization }));
  store = new MemoryTokenStore();
});

afterEach(async () => {
  await app.close();
  await provider.close();
});

async function start(settings: object, options: object = {}): Promise<OAuth2App> {
  app = await testApp({ clients: { dev: clientOf(provider, settings) }, ...options });
  return app.registry.get<OAuth2App>('dev');
}

/** Signs in, and returns the token without its issuer and its client. */
async function tokenOf(json: object, settings: object): Promise<Record<string, unknown>> {
  provider.on('POST /token', () => ({ json }));
  await start(settings);
  const page = await new Visitor(() => app).signIn();
  const { token } = page.json() as { token?: Record<string, unknown> };
  if (!token) throw new Error(page.text);
  const { issuer: _, clientId: __, ...fields } = token;
  return fields;
}

/** Signs in, and returns the error of the callback. */
async function failureOf(reply: object, settings: object = {}): Promise<Record<string, unknown>> {
  provider.on('POST /token', () => reply);
  await start(settings);
  const page = await new Visitor(() => app).signIn();
  return { status: page.status, ...(page.json() as object) };
}

function sent(path: string): Record<string, string>[] {
  const requests = provider.requests.filter((request) => request.path === path);
  return requests.map(({ method, url, body }) =>
    Object.fromEntries(
      method === 'GET' ? new URL(url, provider.url).searchParams : new URLSearchParams(body.toString()),
    ),
  );
}

describe('the token response of a non-standard provider', () => {
  it('has the token in another object, beside the token of a bot (Slack)', async () => {
    const answer = {
      ok: true,
      access_token: 'xoxb-bot',
      token_type: 'bot',
      refresh_token: 'bot-refresh',
      scope: 'commands',
      expires_in: 10,
      team: { id: 'T1' },
      authed_user: { id: 'U1', scope: 'identity.basic,identity.email', access_token: 'xoxp-user', token_type: 'user' },
    };
    const settings = { tokenResponse: { path: 'authed_user' }, clientKwargs: { scopeSeparator: ',' } };
    expect(await tokenOf(answer, settings)).toEqual({
      accessToken: 'xoxp-user',
      tokenType: 'bearer',
      scope: 'identity.basic identity.email',
      id: 'U1',
      team: { id: 'T1' },
      ok: true,
    });
  });

  it('has the token in a body beside a status (Withings)', async () => {
    const body = {
      userid: '363',
      access_token: 'a',
      refresh_token: 'r',
      expires_in: 10_800,
      scope: 'user.info,user.metrics',
    };
    const settings = { token_response: { path: 'body' }, client_kwargs: { scope_separator: ',' } };
    expect(await tokenOf({ status: 0, body }, settings)).toMatchObject({
      accessToken: 'a',
      refreshToken: 'r',
      scope: 'user.info user.metrics',
      expiresIn: 10_800,
      userid: '363',
    });
  });

  it('has the token at a path of several keys', async () => {
    const answer = { data: { result: { access_token: 'a' }, other: 1 } };
    expect(await tokenOf(answer, { tokenResponse: { path: 'data.result' } })).toEqual({
      accessToken: 'a',
      tokenType: 'bearer',
    });
  });

  it('has fields in camelCase (DingTalk)', async () => {
    const settings = {
      tokenResponse: {
        fieldNames: { access_token: 'accessToken', refresh_token: 'refreshToken', expires_in: 'expireIn' },
      },
    };
    const answer = { accessToken: 'a', refreshToken: 'r', expireIn: 7200, corpId: 'c' };
    expect(await tokenOf(answer, settings)).toEqual({
      accessToken: 'a',
      refreshToken: 'r',
      tokenType: 'bearer',
      expiresIn: 7200,
      expiresAt: expect.any(Number),
      corpId: 'c',
    });
  });

  it('has a token under another name, which is not kept twice', async () => {
    const answer = { token: 'secret-token', access_token: 'token of something else' };
    expect(await tokenOf(answer, { tokenResponse: { fieldNames: { access_token: 'token' } } })).toEqual({
      accessToken: 'secret-token',
      tokenType: 'bearer',
    });
  });

  it.each([7_200_000, '7200000'])('has a lifetime of %j milliseconds', async (expires) => {
    const settings = { tokenResponse: { expiresInUnit: 'milliseconds' } };
    expect(await tokenOf({ access_token: 'a', expires_in: expires }, settings)).toMatchObject({ expiresIn: 7200 });
  });

  it.each([null, '1h', [1], '2999-01-01', undefined])(
    'signs the user in when the lifetime in milliseconds is %j',
    async (expires) => {
      const settings = { tokenResponse: { expiresInUnit: 'milliseconds' } };
      expect(await tokenOf({ access_token: 'a', expires_in: expires }, settings)).toMatchObject({ accessToken: 'a' });
    },
  );

  it('is a form with another name for the lifetime (Deezer)', async () => {
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    provider.on('POST /token', () => ({ headers, body: 'access_token=frk&expires=3600' }));
    await start({ tokenResponse: { fieldNames: { expires_in: 'expires' } } });
    const page = await new Visitor(() => app).signIn();
    expect(page.json()).toMatchObject({ token: { accessToken: 'frk', expiresIn: 3600 } });
  });

  it.each([
    ['an array', ['a', 'b'], 'a b'],
    ['a list with commas', 'a,b', 'a b'],
    ['a list with commas and spaces', 'a, b', 'a b'],
  ])('has a scope that is %s', async (_what, scope, expected) => {
    const settings = { clientKwargs: { scopeSeparator: ',' } };
    expect(await tokenOf({ access_token: 'a', scope }, settings)).toMatchObject({ scope: expected });
  });

  it('runs the hooks before the settings are applied', async () => {
    const complianceFix: ComplianceFix = (session) =>
      session.registerComplianceHook('access_token_response', (response) => {
        expect(response.data).toEqual({ payload: 'x' });
        return { ...response, data: { body: { token: 'a' } } };
      });
    const settings = { complianceFix, tokenResponse: { path: 'body', fieldNames: { access_token: 'token' } } };
    expect(await tokenOf({ payload: 'x' }, settings)).toMatchObject({ accessToken: 'a' });
  });
});

describe('an error of a non-standard provider', () => {
  const SLACK = { tokenResponse: { path: 'authed_user' } };
  const WITHINGS = { tokenResponse: { path: 'body' } };

  it.each<[string, object, object, object]>([
    ['Slack', { json: { ok: false, error: 'invalid_code' } }, SLACK, { error: 'invalid_code' }],
    ['Slack without a code', { json: { ok: false } }, SLACK, { error: 'provider_refused' }],
    ['Withings', { json: { status: 401, body: {}, error: 'Unauthorized' } }, WITHINGS, { error: 'Unauthorized' }],
    ['Withings without a sentence', { json: { status: 293, body: {} } }, WITHINGS, { error: '293' }],
    [
      'WeChat',
      { json: { errcode: 40029, errmsg: 'invalid code, rid: 1' } },
      {},
      { error: '40029', error_description: 'invalid code, rid: 1' },
    ],
    [
      'Feishu',
      { json: { code: 20003, msg: 'the code is used' } },
      {},
      { error: '20003', error_description: 'the code is used' },
    ],
    ['an object beside the path', { json: { error: { message: 'no', type: 'Oops' } } }, SLACK, { error: 'Oops' }],
    ['an error inside the path', { json: { body: { error: 'invalid_scope' } } }, WITHINGS, { error: 'invalid_scope' }],
  ])('fails the login with its code and its text: %s', async (_provider, reply, settings, expected) => {
    expect(await failureOf(reply, settings)).toMatchObject({ status: 502, ...expected });
  });

  it.each(['wrong code', ' Wrong code\n', '"wrong code"'])('is the text %j (Deezer)', async (body) => {
    expect(await failureOf({ headers: { 'content-type': 'text/html' }, body })).toMatchObject({
      status: 400,
      error: 'invalid_grant',
    });
  });

  it('says which setting does not fit a response without a token at the path', async () => {
    for (const json of [{ access_token: 'a' }, { authed_user: 'x' }, { authed_user: [{ access_token: 'a' }] }]) {
      const failure = await failureOf({ json }, SLACK);
      expect(failure).toMatchObject({
        error: 'token_invalid',
        error_description: expect.stringContaining('token_response'),
      });
      await app.close();
    }
    await start({});
  });

  it.each([
    ['WeChat', { errcode: 40030, errmsg: 'invalid refresh_token' }],
    ['WeChat, expired', { errcode: 42002, errmsg: 'refresh_token expired' }],
    ['Withings', { status: 503, body: {}, error: 'Invalid Params: invalid refresh_token' }],
    ['Slack', { ok: false, error: 'invalid_refresh_token' }],
  ])('ends the login if it refuses the refresh token: %s', async (_provider, json) => {
    provider.on('POST /token', () => ({ json }));
    const dev = await start({}, { tokenStore: store });
    await store.save(ADA, EXPIRED);
    await expect(dev.get('me', { user: 'ada' })).rejects.toMatchObject({ error: 'token_revoked' });
  });

  it.each([
    ['WeChat, a wrong secret', { errcode: 40125, errmsg: 'invalid appsecret' }],
    ['WeChat, busy', { errcode: -1, errmsg: 'system error' }],
    ['Withings, too many requests', { status: 601, body: {}, error: 'Too Many Requests' }],
  ])('does not end the login if it is about something else: %s', async (_provider, json) => {
    provider.on('POST /token', () => ({ json }));
    const dev = await start({}, { tokenStore: store });
    await store.save(ADA, EXPIRED);
    const error: unknown = await dev.get('me', { user: 'ada' }).catch((reason: unknown) => reason);
    expect(error).not.toMatchObject({ error: 'token_revoked' });
    expect((await store.fetch(ADA))?.token).toEqual(EXPIRED);
  });
});

describe('the refresh of a non-standard provider', () => {
  it('saves the token of another object once, although many calls wait for it', async () => {
    let refreshes = 0;
    provider.on('POST /token', () => {
      refreshes += 1;
      return { json: { status: 0, body: { access_token: `new-${refreshes}`, refresh_token: `r-${refreshes}` } } };
    });
    const dev = await start({ tokenResponse: { path: 'body' } }, { tokenStore: store });
    await store.save(ADA, EXPIRED);
    const calls = await Promise.all(Array.from({ length: 10 }, () => dev.get<string>('me', { user: 'ada' })));
    expect(new Set(calls.map(({ data }) => data))).toEqual(new Set(['Bearer new-1']));
    expect((await store.fetch(ADA))?.token).toMatchObject({ accessToken: 'new-1', refreshToken: 'r-1' });
  });

  it('keeps the rotated tokens at the path when a hook fails', async () => {
    provider.on('POST /token', () => ({ json: { body: { token: 'new', refresh: 'new-refresh' } } }));
    const complianceFix: ComplianceFix = (session) =>
      session.registerComplianceHook('refresh_token_response', () => {
        throw new Error('broken');
      });
    const tokenResponse = { path: 'body', fieldNames: { access_token: 'token', refresh_token: 'refresh' } };
    const dev = await start({ complianceFix, tokenResponse }, { tokenStore: store });
    await store.save(ADA, EXPIRED);
    await expect(dev.get('me', { user: 'ada' })).rejects.toMatchObject({ error: 'invalid_configuration' });
    expect((await store.fetch(ADA))?.token).toMatchObject({ accessToken: 'new', refreshToken: 'new-refresh' });
  });

  it('reads the fields at the top level, if the response has no other token (Slack)', async () => {
    provider.on('POST /token', () => ({ json: { ok: true, access_token: 'xoxe.xoxp-1', token_type: 'user' } }));
    const dev = await start({ tokenResponse: { path: 'authed_user' } });
    const token = await dev.fetchAccessToken({ grantType: 'refresh_token', token: EXPIRED });
    expect(token).toMatchObject({ accessToken: 'xoxe.xoxp-1', refreshToken: 'old-refresh' });
  });
});

describe('a long-lived token', () => {
  const POST_SECRET = { tokenEndpointAuthMethod: 'client_secret_post' };
  const instagram = (): object => ({
    longLivedTokenRequest: {
      url: `${provider.url}/long`,
      grantType: 'ig_exchange_token',
      format: 'query',
      parameterNames: { client_id: false },
    },
    refreshTokenUrl: `${provider.url}/refresh`,
    refreshRequest: {
      format: 'query',
      grantType: 'ig_refresh_token',
      parameterNames: { refresh_token: 'access_token', client_id: false, client_secret: false },
    },
    tokenResponse: { fieldNames: { refresh_token: 'access_token' } },
    clientKwargs: POST_SECRET,
  });

  it('replaces the token of the login, keeps its other fields, and is refreshed with itself (Instagram)', async () => {
    provider.on('GET /long', () => ({ json: { access_token: 'long', token_type: 'bearer', expires_in: 5_184_000 } }));
    provider.on('GET /refresh', () => ({
      json: { access_token: 'longer', token_type: 'bearer', expires_in: 5_184_000 },
    }));
    const token = await tokenOf({ access_token: 'short', user_id: 17, scope: ['basic'], expires_in: 60 }, instagram());
    expect(token).toEqual({
      accessToken: 'long',
      refreshToken: 'long',
      tokenType: 'bearer',
      expiresIn: 5_184_000,
      expiresAt: expect.any(Number),
      scope: 'basic',
      user_id: 17,
    });
    expect(sent('/long')).toEqual([
      { grant_type: 'ig_exchange_token', access_token: 'short', client_secret: 'dev-secret' },
    ]);
    const dev = app.registry.get<OAuth2App>('dev');
    const stored = token as unknown as OAuth2Token;
    const refreshed = await dev.fetchAccessToken({ grantType: 'refresh_token', token: stored });
    expect(refreshed).toMatchObject({ accessToken: 'longer', refreshToken: 'longer', user_id: 17 });
    expect(sent('/refresh')).toEqual([{ grant_type: 'ig_refresh_token', access_token: 'long' }]);
  });

  it('is requested by fetchAccessToken() with a code, with renamed parameters (Facebook)', async () => {
    provider.on('POST /token', () => ({ json: { access_token: 'short', expires_in: 3600 } }));
    provider.on('POST /long', () => ({ json: { access_token: 'long', scope: 'email,public_profile' } }));
    const dev = await start({
      longLivedTokenRequest: {
        url: `${provider.url}/long`,
        grantType: 'fb_exchange_token',
        parameterNames: { access_token: 'fb_exchange_token' },
      },
      tokenRequest: { format: 'form', parameterNames: { client_id: 'not-here' } },
      clientKwargs: { ...POST_SECRET, scopeSeparator: ',' },
    });
    const token = await dev.fetchAccessToken({ code: 'c', codeVerifier: 'v'.repeat(43) });
    expect(token).toMatchObject({ accessToken: 'long', scope: 'email public_profile' });
    expect(token.expiresAt).toBeUndefined(); // the expiry of the first token
    expect(sent('/long')).toEqual([
      {
        grant_type: 'fb_exchange_token',
        fb_exchange_token: 'short',
        client_id: 'dev',
        client_secret: 'dev-secret',
      },
    ]);
    await dev.fetchAccessToken({ grantType: 'client_credentials' });
    expect(sent('/long')).toHaveLength(1);
  });

  it('authenticates with the method of the client', async () => {
    provider.on('POST /token', () => ({ json: { access_token: 'short' } }));
    provider.on('POST /long', () => ({ json: { access_token: 'long' } }));
    const dev = await start({ longLivedTokenRequest: { url: `${provider.url}/long`, grantType: 'x' } });
    await dev.fetchAccessToken({ code: 'c', codeVerifier: 'v'.repeat(43) });
    expect(provider.requests.at(-1)?.headers.authorization).toMatch(/^Basic /);
  });

  it('fails the login with the error of the provider', async () => {
    provider.on('GET /long', () => ({
      status: 400,
      json: { error: { message: 'Session key invalid', type: 'IGApiException', code: 452 } },
    }));
    const failure = await failureOf({ json: { access_token: 'short-token' } }, instagram());
    expect(failure).toMatchObject({ status: 502, error: 'IGApiException', error_description: 'Session key invalid' });
  });

  it('fails the login if its response has no token', async () => {
    provider.on('GET /long', () => ({ json: { token_type: 'bearer' } }));
    expect(await failureOf({ json: { access_token: 'short-token' } }, instagram())).toMatchObject({
      status: 502,
      error: 'token_invalid',
    });
  });
});
