import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Post, Query, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  OAuthCallback,
  OAuthClientModule,
  OAuthLogin,
  OAuthRegistry,
  OAuthReturnTo,
  OAuthToken,
  type OAuth2Token,
  type OAuthLoginParams,
} from 'nestjs-oauth-client';
import type { OAuthRequest } from 'nestjs-oauth-client/protocol';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser } from '../support/browser.js';

@Controller('auth')
class AuthController {
  constructor(private readonly registry: OAuthRegistry) {}

  @Get(':provider/login')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  login(@Query() { next, ...params }: Record<string, string>): OAuthLoginParams {
    return { ...params, returnTo: next };
  }

  @Get(':provider/callback')
  @OAuthCallback()
  callback(@OAuthToken() token: OAuth2Token, @OAuthReturnTo() returnTo: string): object {
    return { token, returnTo };
  }

  @Post(':provider/callback')
  @OAuthCallback()
  formCallback(@OAuthToken() token: OAuth2Token, @OAuthReturnTo() returnTo: string): object {
    return { form: true, token, returnTo };
  }

  @Get('me')
  async me(@Req() request: OAuthRequest): Promise<unknown> {
    const { data } = await this.registry.get('dev').get('me', { request });
    return data;
  }
}

describe('on Fastify', () => {
  let provider: ScriptedProvider;
  let app: NestFastifyApplication;
  let url: string;
  let browser: Browser;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer', refresh_token: 'r' } }));
    provider.on('GET /api/me', ({ headers }) => ({ json: { authorization: headers.authorization } }));
    provider.on('POST /request-token', () => ({
      body: 'oauth_token=rt&oauth_token_secret=rts&oauth_callback_confirmed=true',
    }));
    provider.on('POST /access-token', () => ({ body: 'oauth_token=at&oauth_token_secret=ats' }));
    browser = new Browser();
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  async function start({ withSession = true } = {}): Promise<void> {
    const dev = {
      client_id: 'dev',
      client_secret: 'dev-secret',
      authorize_url: `${provider.url}/authorize`,
      access_token_url: `${provider.url}/token`,
      api_base_url: `${provider.url}/api/`,
      client_kwargs: { code_challenge_method: 'S256' as const },
      allow_insecure_http: true,
    };
    const old = {
      client_id: 'dev',
      request_token_url: `${provider.url}/request-token`,
      authorize_url: `${provider.url}/authorize`,
      access_token_url: `${provider.url}/access-token`,
      allow_insecure_http: true,
    };
    @Module({
      imports: [OAuthClientModule.forRoot({ clients: { dev, old }, fetchToken: () => ({ access_token: 'kept' }) })],
      controllers: [AuthController],
    })
    class AppModule {}
    app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
      logger: false,
      abortOnError: false,
    });
    if (withSession) {
      await app.register(fastifyCookie);
      await app.register(fastifySession, { secret: 'x'.repeat(32), cookie: { secure: false } });
    }
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  }

  async function login(query = '', name = 'dev'): Promise<URL> {
    const response = await browser.get(`${url}/auth/${name}/login${query}`, { follow: false });
    expect(response.status).toBe(302);
    expect(response.headers.get('cache-control')).toBe('no-store');
    return new URL(response.headers.get('location') ?? '');
  }

  it('signs in with a GET callback', async () => {
    await start();
    const { searchParams } = await login('?next=/account');
    expect(searchParams.get('redirect_uri')).toBe(`${url}/auth/dev/callback`);
    const state = searchParams.get('state') ?? '';
    const response = await browser.get(`${url}/auth/dev/callback?code=c&state=${state}`);
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
    const state = (await login('?responseMode=form_post')).searchParams.get('state') ?? '';
    const response = await browser.post(`${url}/auth/dev/callback`, { code: 'c', state });
    expect(response.status).toBe(201);
    expect(response.json()).toMatchObject({ form: true, token: { accessToken: 'a' }, returnTo: '/' });
  });

  it('signs in with OAuth 1', async () => {
    await start();
    expect((await login('?next=/account', 'old')).searchParams.get('oauth_token')).toBe('rt');
    const response = await browser.get(`${url}/auth/old/callback?oauth_token=rt&oauth_verifier=v`);
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
    const state = (await login()).searchParams.get('state') ?? '';
    const stranger = await new Browser().get(`${url}/auth/dev/callback?code=c&state=${state}`);
    expect(stranger.json()).toEqual({
      error: 'mismatching_state',
      error_description: expect.stringContaining('without the session that began the login'),
      reference: expect.any(String),
    });
    const unknown = await browser.get(`${url}/auth/dev/callback?code=c&state=x`);
    expect([unknown.status, unknown.json()]).toMatchObject([400, { error: 'mismatching_state' }]);
    await browser.get(`${url}/auth/dev/callback?code=c&state=${state}`);
    const twice = await browser.get(`${url}/auth/dev/callback?code=c&state=${state}`);
    expect(twice.json()).toMatchObject({ error_description: expect.stringContaining('already finished') });
  });

  it('calls the API with the token of the request', async () => {
    await start();
    expect((await browser.get(`${url}/auth/me`)).json()).toEqual({ authorization: 'Bearer kept' });
  });

  it('responds to an error of the provider with its status', async () => {
    await start();
    const begun = await browser.get(`${url}/auth/dev/login`, { follow: false });
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const query = `state=${state}&error=access_denied&error_description=No`;
    const response = await browser.get(`${url}/auth/dev/callback?${query}`);
    expect([response.status, response.json()]).toEqual([
      403,
      { error: 'access_denied', error_description: 'No', reference: expect.any(String) },
    ]);
    expect((await browser.get(`${url}/auth/nobody/login`)).status).toBe(404);
  });

  it('throws an error that mentions @fastify/session if there is no session', async () => {
    await start({ withSession: false });
    const response = await browser.get(`${url}/auth/dev/login`, { follow: false });
    expect(response.status).toBe(500);
    expect(response.json()).toMatchObject({
      error: 'missing_session',
      error_description: expect.stringContaining('@fastify/session'),
    });
  });
});
