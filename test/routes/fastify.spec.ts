import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { clientOf, oauth1ClientOf } from '../providers/client-of.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

describe('on Fastify', () => {
  let provider: ScriptedProvider;
  let app: TestApp;
  let url: string;
  let visitor: Visitor;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer', refresh_token: 'r' } }));
    provider.on('GET /api/me', ({ headers }) => ({ json: { authorization: headers.authorization } }));
    provider.on('POST /request-token', () => ({
      body: 'oauth_token=rt&oauth_token_secret=rts&oauth_callback_confirmed=true',
    }));
    provider.on('POST /access-token', () => ({ body: 'oauth_token=at&oauth_token_secret=ats' }));
    visitor = new Visitor(() => app);
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  async function start({ withSession = true } = {}): Promise<void> {
    app = await testApp({
      platform: 'fastify',
      session: withSession ? {} : 'none',
      clients: {
        dev: clientOf(provider, { clientKwargs: { codeChallengeMethod: 'S256' } }),
        old: oauth1ClientOf(provider),
      },
      fetchToken: () => ({ access_token: 'kept' }),
    });
    ({ url } = app);
  }

  async function login(route = 'dev') {
    const begun = await visitor.login(route);
    expect(begun.page.headers.get('cache-control')).toBe('no-store');
    return begun;
  }

  it('signs in with a GET callback', async () => {
    await start();
    const { location, state } = await login('dev?next=/account');
    expect(location.searchParams.get('redirect_uri')).toBe(`${url}/auth/dev/callback`);
    const response = await visitor.visit(`dev/callback?code=c&state=${state}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.json()).toEqual({
      token: {
        accessToken: 'a',
        tokenType: 'bearer',
        refreshToken: 'r',
        issuer: `${provider.url}/token`,
        clientId: 'dev',
      },
      returnTo: '/account',
    });
    const form = new URLSearchParams(provider.requests.at(-1)?.body.toString());
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'authorization_code',
      code: 'c',
      redirect_uri: `${url}/auth/dev/callback`,
      code_verifier: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it('signs in with a callback in a form post', async () => {
    await start();
    const { state } = await login('dev?responseMode=form_post');
    const response = await visitor.post(`${url}/auth/dev/callback`, { code: 'c', state });
    expect(response.status).toBe(201);
    expect(response.json()).toMatchObject({ fields: ['code', 'state'], token: { accessToken: 'a' }, returnTo: '/' });
  });

  it('signs in with OAuth 1', async () => {
    await start();
    expect((await login('old?next=/account')).state).toBe('rt');
    const response = await visitor.visit('old/callback?oauth_token=rt&oauth_verifier=v');
    expect(response.json()).toEqual({
      token: {
        oauthToken: 'at',
        oauthTokenSecret: 'ats',
        issuer: `${provider.url}/access-token`,
        clientId: 'dev',
      },
      returnTo: '/account',
    });
  });

  it('refuses a callback without the session, with an unknown state, or for the second time', async () => {
    await start();
    const { state } = await login();
    const stranger = await new Visitor(() => app).visit(`dev/callback?code=c&state=${state}`);
    expect(stranger.json()).toEqual({
      error: 'mismatching_state',
      error_description: expect.stringContaining('without the session that began the login'),
      reference: expect.any(String),
    });
    const unknown = await visitor.visit('dev/callback?code=c&state=x');
    expect([unknown.status, unknown.json()]).toMatchObject([400, { error: 'mismatching_state' }]);
    await visitor.visit(`dev/callback?code=c&state=${state}`);
    const twice = await visitor.visit(`dev/callback?code=c&state=${state}`);
    expect(twice.json()).toMatchObject({ error_description: expect.stringContaining('already finished') });
  });

  it('calls the API with the token of the request', async () => {
    await start();
    expect((await visitor.visit('dev/api/me')).json()).toEqual({ authorization: 'Bearer kept' });
  });

  it('responds to an error of the provider with its status', async () => {
    await start();
    const { state } = await visitor.login();
    const query = `state=${state}&error=access_denied&error_description=No`;
    const response = await visitor.visit(`dev/callback?${query}`);
    expect([response.status, response.json()]).toEqual([
      403,
      { error: 'access_denied', error_description: 'No', reference: expect.any(String) },
    ]);
    expect((await visitor.visit('nobody/login')).status).toBe(404);
  });

  it('throws an error that mentions @fastify/session if there is no session', async () => {
    await start({ withSession: false });
    const response = await visitor.visit('dev/login', { follow: false });
    expect(response.status).toBe(500);
    expect(response.json()).toMatchObject({
      error: 'missing_session',
      error_description: expect.stringContaining('@fastify/session'),
    });
  });
});
