import fastifySecureSession from '@fastify/secure-session';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Query, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RequestHandler } from 'express';
import { getIronSession } from 'iron-session';
import {
  OAuthCallback,
  OAuthClientModule,
  OAuthLogin,
  OAuthLogout,
  OAuthLogoutCallback,
  OAuthReturnTo,
  OAuthToken,
  regenerateSession,
  type OAuthClientModuleOptions,
  type OAuthLoginParams,
} from 'nestjs-oauth-client';
import type { OAuthRequest } from 'nestjs-oauth-client/protocol';
import { clientOf, oauth1ClientOf } from '../providers/client-of.js';
import { answerLogins, startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser } from '../support/browser.js';
import { startSessionSite, type Refusal } from './session-site.js';

const ENCRYPTION_KEYS = Buffer.alloc(32, 1).toString('base64');

/** The session as an application uses it. */
interface SecureSession {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

@Controller('auth/:provider')
class AuthController {
  @Get('login')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  login(@Query('next') next?: string): OAuthLoginParams {
    return { returnTo: next };
  }

  @Get('callback')
  @OAuthCallback()
  async callback(
    @Req() request: OAuthRequest,
    @OAuthToken() token: object,
    @OAuthReturnTo() returnTo: string,
  ): Promise<object> {
    await regenerateSession(request);
    (request.session as SecureSession).set('token', token);
    return { token, returnTo };
  }

  @Get('me')
  me(@Req() { session }: OAuthRequest): object {
    return { token: (session as SecureSession).get('token') ?? null };
  }

  @Get('logout')
  @OAuthLogout({ postLogoutRedirectUri: '/auth/:provider/signed-out' })
  async logout(@Req() request: OAuthRequest): Promise<object> {
    await regenerateSession(request);
    return { returnTo: '/bye' };
  }

  @Get('signed-out')
  @OAuthLogoutCallback()
  signedOut(@OAuthReturnTo() returnTo: string): object {
    return { returnTo };
  }
}

describe('a login in a session that only has get() and set()', () => {
  let provider: ScriptedProvider;
  let closing: { close(): Promise<void> }[];
  let browser: Browser;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    answerLogins(provider);
    closing = [provider];
    browser = new Browser();
  });

  afterEach(async () => {
    for (const open of closing.reverse()) await open.close();
  });

  describe('@fastify/secure-session', () => {
    async function start(options: OAuthClientModuleOptions = {}): Promise<string> {
      const client = clientOf(provider, { endSessionEndpoint: `${provider.url}/end` });
      const old = oauth1ClientOf(provider);
      @Module({
        imports: [OAuthClientModule.forRoot({ exposeErrors: true, ...options, clients: { dev: client, old } })],
        controllers: [AuthController],
      })
      class AppModule {}
      const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: false });
      await app.register(fastifySecureSession, { key: Buffer.alloc(32, 7), cookie: { path: '/' } });
      await app.listen(0, '127.0.0.1');
      closing.push(app);
      return (await app.getUrl()).replace('[::1]', '127.0.0.1');
    }

    async function begin(url: string, path = 'dev/login'): Promise<string> {
      const { status, headers } = await browser.get(`${url}/auth/${path}`, { follow: false });
      expect(status).toBe(302);
      return new URL(headers.get('location') ?? '').searchParams.get('state') ?? '';
    }

    async function finish(url: string, state: string, by = browser): Promise<unknown> {
      return (await by.get(`${url}/auth/dev/callback?code=c&state=${state}`)).json();
    }

    it('finishes a login, and keeps the user of the application', async () => {
      const url = await start();
      const state = await begin(url, 'dev/login?next=/there');
      expect(await finish(url, state)).toMatchObject({ token: { accessToken: 'a' }, returnTo: '/there' });
      expect((await browser.get(`${url}/auth/dev/me`)).json()).toMatchObject({ token: { accessToken: 'a' } });
    });

    it('finishes a login once, even with a copy of its cookies', async () => {
      const url = await start();
      const state = await begin(url);
      const copy = new Browser();
      for (const cookie of await browser.jar.getCookies(url)) await copy.jar.setCookie(cookie, url);
      expect(await finish(url, state)).toMatchObject({ returnTo: '/' });
      for (const by of [browser, copy]) {
        expect(await finish(url, state, by)).toMatchObject({
          error: 'mismatching_state',
          error_description: expect.stringContaining('already finished'),
        });
      }
    });

    it('finishes the logins of several tabs, although each sign-in regenerates the session', async () => {
      const url = await start();
      const states = [await begin(url, 'dev/login?next=/1'), await begin(url, 'dev/login?next=/2')];
      expect(await finish(url, states[1]!)).toMatchObject({ returnTo: '/2' });
      expect(await finish(url, states[0]!)).toMatchObject({ returnTo: '/1' });
    });

    it('keeps at most five pending logins, so that the cookie stays small', async () => {
      const url = await start();
      const states: string[] = [];
      for (let i = 0; i < 12; i++) states.push(await begin(url));
      expect(await finish(url, states[0]!)).toMatchObject({ error: 'mismatching_state' });
      for (const state of states.slice(-5)) expect(await finish(url, state)).toMatchObject({ returnTo: '/' });
    });

    it('refuses a callback in another browser', async () => {
      const url = await start();
      const state = await begin(url);
      const other = new Browser();
      expect(await finish(url, state, other)).toMatchObject({
        error_description: expect.stringContaining('without the session that began the login'),
      });
      await other.get(`${url}/auth/dev/login`, { follow: false });
      expect(await finish(url, state, other)).toMatchObject({
        error_description: expect.stringContaining('no pending login with this state'),
      });
    });

    it('encrypts the secret of an OAuth 1 login with encryptionKeys, and refuses the login without encryptionKeys', async () => {
      const url = await start({ encryptionKeys: ENCRYPTION_KEYS });
      await browser.get(`${url}/auth/old/login`, { follow: false });
      const page = await browser.get(`${url}/auth/old/callback?oauth_token=rt&oauth_verifier=v`);
      expect(page.json()).toMatchObject({ token: { oauthToken: 'at' } });

      const refused = await new Browser().get(`${await start()}/auth/old/login`, { follow: false });
      expect([refused.status, refused.text]).toEqual([500, expect.stringMatching(/encryptionKeys.*state: 'cookie'/)]);
    });

    it('finishes a logout, and returns its return path', async () => {
      const url = await start();
      await finish(url, await begin(url));
      const state = await begin(url, 'dev/logout');
      expect((await browser.get(`${url}/auth/dev/me`)).json()).toEqual({ token: null });
      expect((await browser.get(`${url}/auth/dev/signed-out?state=${state}`)).json()).toEqual({ returnTo: '/bye' });
    });

    it('finishes a logout whose callback has no state, once the user is signed out', async () => {
      const url = await start();
      await finish(url, await begin(url));
      expect((await browser.get(`${url}/auth/dev/signed-out`)).status).toBe(400);
      await begin(url, 'dev/logout');
      expect((await browser.get(`${url}/auth/dev/signed-out`)).json()).toEqual({ returnTo: '/' });
    });
  });

  it('works in a Map', async () => {
    const sessions = new Map<string, Map<string, unknown>>();
    const middleware: RequestHandler = (request, response, next) => {
      const id = /sid=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? String(sessions.size + 1);
      if (!sessions.has(id)) sessions.set(id, new Map());
      response.cookie('sid', id);
      Object.assign(request, { session: sessions.get(id) });
      next();
    };
    const site = await startSessionSite(middleware, provider.url);
    closing.push(site);
    const { headers } = await browser.get(`${site.url}/dev/login`, { follow: false });
    const state = new URL(headers.get('location') ?? '').searchParams.get('state');
    const callback = `${site.url}/dev/callback?code=c&state=${state}`;
    expect((await browser.get(callback)).json()).toMatchObject({ accessToken: 'a' });
    expect((await browser.get(callback)).json()).toMatchObject({ reason: 'used_state' });
  });

  it('refuses a session that cannot be used, and suggests state: cookie', async () => {
    const sessions: object[] = [
      { get: () => Promise.resolve({}), set: () => undefined },
      Object.freeze({}),
      new Proxy({}, { set: () => false }),
    ];
    for (const session of sessions) {
      const middleware: RequestHandler = (request, _response, next) => {
        Object.assign(request, { session });
        next();
      };
      const site = await startSessionSite(middleware, provider.url);
      closing.push(site);
      const page = await browser.get(`${site.url}/dev/login`, { follow: false });
      expect(page.status).toBe(500);
      expect(page.json() as Refusal).toMatchObject({
        error: 'missing_session',
        description: expect.stringContaining("state: 'cookie'"),
      });
    }
  });

  it('works in iron-session, whose save() returns a promise', async () => {
    const middleware: RequestHandler = async (request, response, next) => {
      const options = { password: 'x'.repeat(32), cookieName: 'iron', cookieOptions: { secure: false } };
      Object.assign(request, { session: await getIronSession<object>(request, response, options) });
      next();
    };
    const site = await startSessionSite(middleware, provider.url);
    closing.push(site);
    const states: string[] = [];
    for (let i = 0; i < 7; i++) {
      const { headers } = await browser.get(`${site.url}/dev/login`, { follow: false });
      states.push(new URL(headers.get('location') ?? '').searchParams.get('state') ?? '');
    }
    const callback = (state?: string) => browser.get(`${site.url}/dev/callback?code=c&state=${state}`);
    expect((await callback(states[0])).json()).toMatchObject({ reason: 'unknown_state' });
    expect((await callback(states[5])).json()).toMatchObject({ accessToken: 'a' });
    expect((await callback(states[6])).json()).toMatchObject({ accessToken: 'a' });
    expect((await callback(states[6])).json()).toMatchObject({ reason: 'used_state' });
  });
});
