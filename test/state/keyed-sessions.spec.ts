import fastifySecureSession from '@fastify/secure-session';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Query, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RequestHandler } from 'express';
import { getIronSession } from 'iron-session';
import {
  OAuthCallback,
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
import { startSessionSite, type Refusal } from './session-site.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const ENCRYPTION_KEYS = Buffer.alloc(32, 1).toString('base64');

const SECURE_SESSION = { key: Buffer.alloc(32, 7), cookie: { path: '/' } };

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
  let visitor: Visitor;
  let app: TestApp;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    answerLogins(provider);
    closing = [provider];
    visitor = new Visitor(() => app);
  });

  afterEach(async () => {
    for (const open of closing.reverse()) await open.close();
  });

  describe('@fastify/secure-session', () => {
    async function start(options: OAuthClientModuleOptions = {}): Promise<void> {
      const client = clientOf(provider, { endSessionEndpoint: `${provider.url}/end` });
      const old = oauth1ClientOf(provider);
      app = await testApp({
        platform: 'fastify',
        session: 'none',
        exposeErrors: true,
        ...options,
        clients: { dev: client, old },
        controllers: [AuthController],
        prepare: (fastify) => (fastify as NestFastifyApplication).register(fastifySecureSession, SECURE_SESSION),
      });
      closing.push(app);
    }

    async function finish(state: string, by = visitor): Promise<unknown> {
      return (await by.callback({ code: 'c', state })).json();
    }

    it('finishes a login, and keeps the user of the application', async () => {
      await start();
      const { state } = await visitor.login('dev?next=/there');
      expect(await finish(state)).toMatchObject({ token: { accessToken: 'a' }, returnTo: '/there' });
      expect((await visitor.visit('dev/me')).json()).toMatchObject({ token: { accessToken: 'a' } });
    });

    it('finishes a login once, even with a copy of its cookies', async () => {
      await start();
      const { state } = await visitor.login();
      const copy = new Visitor(() => app);
      for (const cookie of await visitor.jar.getCookies(app.url)) await copy.jar.setCookie(cookie, app.url);
      expect(await finish(state)).toMatchObject({ returnTo: '/' });
      for (const by of [visitor, copy]) {
        expect(await finish(state, by)).toMatchObject({
          error: 'mismatching_state',
          error_description: expect.stringContaining('already finished'),
        });
      }
    });

    it('finishes the logins of several tabs, although each sign-in regenerates the session', async () => {
      await start();
      const states = [(await visitor.login('dev?next=/1')).state, (await visitor.login('dev?next=/2')).state];
      expect(await finish(states[1]!)).toMatchObject({ returnTo: '/2' });
      expect(await finish(states[0]!)).toMatchObject({ returnTo: '/1' });
    });

    it('keeps at most five pending logins, so that the cookie stays small', async () => {
      await start();
      const states: string[] = [];
      for (let i = 0; i < 12; i++) states.push((await visitor.login()).state);
      expect(await finish(states[0]!)).toMatchObject({ error: 'mismatching_state' });
      for (const state of states.slice(-5)) expect(await finish(state)).toMatchObject({ returnTo: '/' });
    });

    it('refuses a callback in another browser', async () => {
      await start();
      const { state } = await visitor.login();
      const other = new Visitor(() => app);
      expect(await finish(state, other)).toMatchObject({
        error_description: expect.stringContaining('without the session that began the login'),
      });
      await other.login();
      expect(await finish(state, other)).toMatchObject({
        error_description: expect.stringContaining('no pending login with this state'),
      });
    });

    it('encrypts the secret of an OAuth 1 login with encryptionKeys, and refuses the login without encryptionKeys', async () => {
      await start({ encryptionKeys: ENCRYPTION_KEYS });
      await visitor.visit('old/login', { follow: false });
      const page = await visitor.visit('old/callback?oauth_token=rt&oauth_verifier=v');
      expect(page.json()).toMatchObject({ token: { oauthToken: 'at' } });

      await start();
      const refused = await new Visitor(() => app).visit('old/login', { follow: false });
      expect([refused.status, refused.text]).toEqual([500, expect.stringMatching(/encryptionKeys.*state: 'cookie'/)]);
    });

    it('finishes a logout, and returns its return path', async () => {
      await start();
      await visitor.signIn();
      const { state } = await visitor.logout();
      expect((await visitor.visit('dev/me')).json()).toEqual({ token: null });
      expect((await visitor.visit(`dev/signed-out?state=${state}`)).json()).toEqual({ returnTo: '/bye' });
    });

    it('finishes a logout whose callback has no state, once the user is signed out', async () => {
      await start();
      await visitor.signIn();
      expect((await visitor.visit('dev/signed-out')).status).toBe(400);
      await visitor.logout();
      expect((await visitor.visit('dev/signed-out')).json()).toEqual({ returnTo: '/' });
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
    const { headers } = await visitor.get(`${site.url}/dev/login`, { follow: false });
    const state = new URL(headers.get('location') ?? '').searchParams.get('state');
    const callback = `${site.url}/dev/callback?code=c&state=${state}`;
    expect((await visitor.get(callback)).json()).toMatchObject({ accessToken: 'a' });
    expect((await visitor.get(callback)).json()).toMatchObject({ reason: 'used_state' });
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
      const page = await visitor.get(`${site.url}/dev/login`, { follow: false });
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
      const { headers } = await visitor.get(`${site.url}/dev/login`, { follow: false });
      states.push(new URL(headers.get('location') ?? '').searchParams.get('state') ?? '');
    }
    const callback = (state?: string) => visitor.get(`${site.url}/dev/callback?code=c&state=${state}`);
    expect((await callback(states[0])).json()).toMatchObject({ reason: 'unknown_state' });
    expect((await callback(states[5])).json()).toMatchObject({ accessToken: 'a' });
    expect((await callback(states[6])).json()).toMatchObject({ accessToken: 'a' });
    expect((await callback(states[6])).json()).toMatchObject({ reason: 'used_state' });
  });
});
