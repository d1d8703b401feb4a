import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Header, Redirect, Req, Res, type INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import cookieSession from 'cookie-session';
import type { RequestHandler } from 'express';
import session from 'express-session';
import { inspect } from 'node:util';
import {
  OAuthCallback,
  OAuthLogin,
  OAuthRegistry,
  OAuthToken,
  type ClientRegistration,
  type OAuthLoginParams,
} from 'nestjs-oauth-client';
import type { OAuthRequest, OAuthResponse } from 'nestjs-oauth-client/protocol';
import { clientOf, oauth1ClientOf } from '../providers/client-of.js';
import { answerLogins, startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser } from '../support/browser.js';
import { testApp, type Platform, type TestApp, type TestAppOptions } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';
import { startSessionSite, type Refusal, type SessionSite } from './session-site.js';

const ENCRYPTION_KEY = Buffer.alloc(32, 1).toString('base64');

describe('a pending login in its own cookie', () => {
  let provider: ScriptedProvider;
  let closing: { close(): Promise<void> }[];
  let visitor: Visitor;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    answerLogins(provider);
    closing = [provider];
    visitor = new Visitor(() => undefined);
  });

  afterEach(async () => {
    jest.useRealTimers();
    for (const open of closing.reverse()) await open.close();
  });

  function clients(): Record<string, ClientRegistration> {
    const client = clientOf(provider, { clientKwargs: { codeChallengeMethod: 'S256' as const } });
    return { dev: client, old: oauth1ClientOf(provider) };
  }

  async function start(options: Partial<TestAppOptions> = {}): Promise<TestApp> {
    const app = await testApp({
      trustProxy: true,
      state: 'cookie',
      encryptionKeys: ENCRYPTION_KEY,
      clients: clients(),
      ...options,
    });
    closing.push(app);
    return app;
  }

  /** Begins a login, and returns its state and the cookies that the response sets. */
  async function login(app: TestApp, query = '', headers = {}) {
    const { page, state } = await visitor.at(app).login(`dev${query}`, { headers });
    return { state, cookies: page.headers.getSetCookie() };
  }

  async function callback(app: TestApp, state: string, by = visitor) {
    const { status, headers, text } = await by.at(app).callback({ code: 'c', state });
    return { status, cookies: headers.getSetCookie(), text };
  }

  describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
    it('sets an HttpOnly cookie for the whole site, for 10 minutes', async () => {
      const { cookies } = await login(await start({ platform }));
      expect(cookies).toEqual([
        expect.stringMatching(/^oauth_[\w-]{22}=\d{10}\.[\w.-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/),
      ]);
    });

    it.each([
      ['baseUrl', { baseUrl: 'https://site.example' }, {}],
      ['the proxy that is trusted', {}, { 'x-forwarded-proto': 'https' }],
    ])('sets a __Host- cookie with Secure on https, according to %s', async (_, options, headers) => {
      const { cookies } = await login(await start({ platform, ...options }), '', headers);
      expect(cookies).toEqual([expect.stringMatching(/^__Host-oauth_.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/)]);
    });

    it.each(['responseMode=form_post', 'responseMode=form_post.jwt', 'responseType=code%20id_token'])(
      'sets a SameSite=None cookie for a login with %s, whose callback is a form post of another site',
      async (query) => {
        const secure = await login(await start({ platform, baseUrl: 'https://site.example' }), `?${query}`);
        expect(secure.cookies).toEqual([expect.stringMatching(/; HttpOnly; Secure; SameSite=None$/)]);
        const plain = await login(await start({ platform }), `?${query}`); // on http, browsers refuse `None`
        expect(plain.cookies).toEqual([expect.stringMatching(/; HttpOnly$/)]);
      },
    );

    it('removes the cookie when the login finishes and when the provider denies it', async () => {
      const app = await start({ platform });
      const { state } = await login(app);
      const { status, cookies } = await callback(app, state);
      expect([status, cookies]).toEqual([
        200,
        [expect.stringMatching(/^oauth_[\w-]{22}=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax$/)],
      ]);
      const refused = await login(app);
      await visitor.get(`${app.url}/auth/dev/callback?error=access_denied&state=${refused.state}`);
      expect(await visitor.jar.getCookies(app.url)).toEqual([]);
    });

    it('removes the cookie when the token request fails', async () => {
      const app = await start({ platform });
      provider.on('POST /token', () => ({ status: 400, json: { error: 'invalid_grant' } }));
      expect((await callback(app, (await login(app)).state)).status).toBe(400);
      expect(await visitor.jar.getCookies(app.url)).toEqual([]);
    });

    it('refuses a login whose cookie would exceed the 4096 bytes of browsers, and no smaller one', async () => {
      const app = await start({ platform });
      let largest = 0;
      for (let length = 2400; length < 2800; length += 20) {
        const path = `auth/dev/login?next=/${'x'.repeat(length)}`;
        const answer = await new Browser().get(`${app.url}/${path}`, { follow: false });
        if (answer.status === 302) {
          largest = Math.max(largest, answer.headers.getSetCookie().at(-1)?.length ?? 0);
          continue;
        }
        expect([answer.status, answer.json()]).toEqual([
          400,
          {
            error: 'cookie_too_large',
            error_description: expect.stringMatching(/ 4\d{3} bytes.*4096.*returnTo/),
            reference: expect.any(String),
          },
        ]);
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
      expect(largest).toBeGreaterThan(4060);
      expect(largest).toBeLessThanOrEqual(4096);
    });

    it('the cookie shows neither the client, the state nor the pending login', async () => {
      const app = await start({ platform });
      const { state, cookies } = await login(app, '?next=/private');
      // compares whole words, because an encrypted value may contain "dev" by chance
      const words = cookies.join().split(/[^\w-]+/);
      for (const word of ['dev', 'private', state]) expect(words).not.toContain(word);
      const page = await visitor.get(`${app.url}/auth/old/login`, { follow: false });
      const [, value = ''] = /=\d+\.([^;]+)/.exec(page.headers.getSetCookie().join()) ?? [];
      for (const part of value.split('.')) expect(Buffer.from(part, 'base64url').toString()).not.toContain('rts');
    });

    it('keeps the cookies of the application', async () => {
      const app = await startOther(platform);
      const page = await visitor.get(`${app.url}/login`, { follow: false });
      expect(names(page.headers.getSetCookie())).toEqual(['oauth', 'others', 'session', 'before'].sort());
      const state = new URL(page.headers.get('location') ?? '').searchParams.get('state') ?? '';
      const end = await visitor.get(`${app.url}/callback?code=c&state=${state}`);
      expect(end.status).toBe(200);
      expect(names(end.headers.getSetCookie())).toEqual(expect.arrayContaining(['oauth', 'others']));
      expect(names(await storedIn(app))).toEqual(['before', 'others', 'session'].sort());
    });

    it('works with the methods of an app', async () => {
      const app = await startOther(platform);
      const page = await visitor.get(`${app.url}/by-hand/login`, { follow: false });
      const state = new URL(page.headers.get('location') ?? '').searchParams.get('state') ?? '';
      expect((await visitor.get(`${app.url}/by-hand/callback?code=c&state=${state}`)).json()).toEqual({
        type: 'bearer',
      });
    });
  });

  /** Returns the names of the cookies, with one name for all cookies of logins. */
  function names(cookies: string[]): string[] {
    return [...new Set(cookies.map((cookie) => cookie.split('=')[0]!.replace(/^oauth_.*/, 'oauth')))].sort();
  }

  async function storedIn({ url }: { url: string }): Promise<string[]> {
    return (await visitor.jar.getCookies(url)).map((cookie) => cookie.cookieString());
  }

  @Controller()
  class OthersController {
    constructor(private readonly registry: OAuthRegistry) {}

    @Get('login')
    @OAuthLogin('dev', { redirectUri: '/callback' })
    login(@Req() { session }: { session: object }): OAuthLoginParams {
      Object.assign(session, { seen: true });
      return {};
    }

    @Get('callback')
    @OAuthCallback('dev')
    callback(@OAuthToken() token: object): object {
      return token;
    }

    @Get('by-hand/login')
    @Header('Cache-Control', 'no-store')
    @Redirect()
    byHand(@Req() request: OAuthRequest, @Res({ passthrough: true }) response: OAuthResponse): Promise<object> {
      return this.registry.get('dev').authorizeRedirect(request, response, '/by-hand/callback');
    }

    @Get('by-hand/callback')
    async finishByHand(
      @Req() request: OAuthRequest,
      @Res({ passthrough: true }) response: OAuthResponse,
    ): Promise<object> {
      const { token } = await this.registry.get('dev').completeLogin(request, response);
      return { type: (token as { tokenType?: string }).tokenType };
    }
  }

  /** Starts an app that sets other cookies too: before the login, and when the response is sent. */
  async function startOther(platform: Platform): Promise<TestApp> {
    const app = await testApp({
      platform,
      session: 'none',
      state: 'cookie',
      encryptionKeys: ENCRYPTION_KEY,
      clients: clients(),
      controllers: [OthersController],
      prepare: (nest) =>
        platform === 'fastify' ? prepareFastify(nest as NestFastifyApplication) : prepareExpress(nest),
    });
    closing.push(app);
    return app;
  }

  async function prepareFastify(app: NestFastifyApplication): Promise<void> {
    const cookie = { secure: false };
    await app.register(fastifyCookie);
    await app.register(fastifySession, { secret: 'x'.repeat(32), cookieName: 'session', cookie });
    const fastify = app.getHttpAdapter().getInstance();
    fastify.addHook('onRequest', async (_request, reply) => {
      void reply.setCookie('others', '1', { path: '/' });
      void reply.header('set-cookie', 'before=1; Path=/');
    });
  }

  function prepareExpress(app: INestApplication): void {
    const others: RequestHandler = (_request, response, next) => {
      response.cookie('before', '1');
      next();
    };
    const options = { name: 'session', secret: 'test', resave: false, saveUninitialized: false };
    app.use(others, session(options), asOther(cookieSession({ name: 'others', secret: 'test', signed: false })));
  }

  /** Runs `cookie-session` beside `express-session`, although each sets `request.session`. */
  function asOther(middleware: RequestHandler): RequestHandler {
    return (request, response, next) => {
      const mine = Object.getOwnPropertyDescriptor(request, 'session')!;
      middleware(request, response, () => {
        Object.assign(request.session as object, { kept: 1, at: Date.now() });
        Object.defineProperty(request, 'session', mine);
        next();
      });
    };
  }

  describe('with the methods of an app', () => {
    let site: SessionSite;

    beforeEach(async () => {
      const options = { state: 'cookie', encryptionKeys: ENCRYPTION_KEY } as const;
      site = await startSessionSite(undefined, provider.url, undefined, options);
      closing.push(site);
    });

    async function refusal(path: string): Promise<Partial<Refusal>> {
      return (await visitor.get(`${site.url}/${path}`, { follow: false })).json() as Partial<Refusal>;
    }

    it('refuses a callback with the reason no_session when the browser sends no login cookie', async () => {
      const answer = await refusal('dev/callback?code=c&state=x');
      expect(answer).toMatchObject({ error: 'mismatching_state', reason: 'no_session' });
      expect(answer.description).toContain('the cookie that the login has for itself');
    });

    it('refuses a callback with the reason unknown_state when the browser sends the cookie of another login', async () => {
      await visitor.get(`${site.url}/dev/login`, { follow: false });
      expect(await refusal('dev/callback?code=c&state=x')).toMatchObject({ reason: 'unknown_state' });
    });

    it('refuses a reloaded callback with the reason used_state', async () => {
      const states: string[] = [];
      for (let index = 0; index < 3; index++) {
        const { headers } = await visitor.get(`${site.url}/dev/login`, { follow: false });
        states.push(new URL(headers.get('location') ?? '').searchParams.get('state') ?? '');
      }
      await refusal(`dev/callback?code=c&state=${states[0]}`);
      expect(await refusal(`dev/callback?code=c&state=${states[0]}`)).toMatchObject({ reason: 'used_state' });
    });

    it('refuses a callback after more than 10 minutes with the reason expired_state', async () => {
      const { headers } = await visitor.get(`${site.url}/dev/login`, { follow: false });
      const state = new URL(headers.get('location') ?? '').searchParams.get('state') ?? '';
      const cookie = await visitor.jar.getCookieString(site.url);
      const real = ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'queueMicrotask'] as const;
      jest.useFakeTimers({ now: Date.now() + 601_000, doNotFake: [...real] });
      const options = { headers: { cookie } }; // a browser whose clock is slow still sends the cookie
      const late = await visitor.get(`${site.url}/dev/callback?code=c&state=${state}`, options);
      expect(late.json()).toMatchObject({ reason: 'expired_state' });
      expect(provider.requests).toEqual([]);
    });

    it('authorizeRedirect() throws response_sent when the response has been sent', async () => {
      const errors: unknown[] = [];
      const late: RequestHandler = (request, response) => {
        response.flushHeaders();
        registry
          .get('dev')
          .authorizeRedirect(request, response, '/callback')
          .catch((error: unknown) => errors.push(error))
          .finally(() => response.end());
      };
      const { registry } = await start();
      const express = await startSessionSite(late, provider.url);
      closing.push(express);
      await visitor.get(express.url);
      expect(errors).toMatchObject([{ error: 'response_sent', status: 500 }]);
    });

    it.each([
      'authorizeRedirect(request, response, redirectUri)',
      'saveAuthorizeData(request, response, data)',
      'completeLogin(request, response)',
      'authorizeAccessToken(request, response)',
      'logoutRedirect(request, response, params)',
      'validateLogoutResponse(request, response)',
    ])('a call without the response throws missing_response, which names %s', async (call) => {
      const { registry } = await start();
      const app = registry.get('dev') as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
      for (const rest of [[], ['/callback'], [{ state: 's' }], [null, '/callback']]) {
        await expect(app[call.split('(')[0]!]!({}, ...rest)).rejects.toMatchObject({
          error: 'missing_response',
          status: 500,
          description: expect.stringContaining(`\`${call}\``),
        });
      }
    });
  });

  it('inspect() shows no encryption key', async () => {
    const { registry } = await start();
    const app = registry.get('dev');
    for (const text of [inspect(registry, { depth: 9, showHidden: true }), inspect(app, { depth: 9 })]) {
      expect(text).not.toContain(ENCRYPTION_KEY);
      expect(text).not.toContain('01 01 01 01');
    }
  });
});
