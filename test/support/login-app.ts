import { Body, Controller, Get, Module, Post, Query, Req, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import cookieSession from 'cookie-session';
import type { Request, RequestHandler } from 'express';
import session, { MemoryStore } from 'express-session';
import type { AddressInfo } from 'node:net';
import {
  OAuthBackchannelLogout,
  OAuthCallback,
  OAuthClientModule,
  OAuthFrontchannelLogout,
  OAuthLogin,
  OAuthLogout,
  OAuthLogoutCallback,
  OAuthRegistry,
  OAuthReturnTo,
  OAuthToken,
  OAuthUserInfo,
  regenerateSession,
  type ClientRegistration,
  type OAuth1Token,
  type OAuth2Token,
  type OAuthClientModuleOptions,
  type OAuthLoginParams,
} from 'nestjs-oauth-client';
import { freePort } from './free-port.js';

/** The options of a test's app. */
export interface LoginAppOptions extends OAuthClientModuleOptions {
  clients: Record<string, ClientRegistration>;
  /** @default 'express-session' */
  session?: 'express-session' | 'cookie-session' | 'none';
  /** Express's `trust proxy` setting. */
  trustProxy?: boolean;
  /** Whether the app has a `baseUrl`. Pushed and signed authorization requests need it. */
  withBaseUrl?: boolean;
}

/** A complete Nest app with a login and a callback route for every provider. */
export interface LoginApp {
  url: string;
  app: INestApplication;
  registry: OAuthRegistry;
  /** The sessions of `express-session`, by their ID. */
  sessions: MemoryStore;
  close(): Promise<void>;
}

/** A session that holds the tokens of the user, as in an application. */
interface Signed {
  tokens?: Record<string, OAuth1Token | OAuth2Token>;
}

@Controller()
class AuthController {
  constructor(private readonly registry: OAuthRegistry) {}

  /** Passes every query parameter except `next` to the provider. */
  @Get('auth/:provider/login')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  login(@Query() { next, ...params }: Record<string, string>): OAuthLoginParams {
    return { ...params, returnTo: next };
  }

  @Get('auth/:provider/callback')
  @OAuthCallback()
  callback(
    @Req() request: Request,
    @OAuthToken() token: OAuth1Token | OAuth2Token,
    @OAuthReturnTo() returnTo: string,
    @OAuthUserInfo() userInfo: unknown,
  ): object {
    const signed = request.session as Signed;
    signed.tokens = { ...signed.tokens, [String(request.params.provider)]: token };
    return { token, returnTo, userInfo };
  }

  @Post('auth/:provider/callback')
  @OAuthCallback()
  formCallback(@OAuthToken() token: OAuth2Token, @OAuthReturnTo() returnTo: string, @Body() body: object): object {
    return { token, returnTo, fields: Object.keys(body) };
  }

  /** Ends the session of the app, as an application would, and then the session at the provider. */
  @Get('auth/:provider/logout')
  @OAuthLogout({ postLogoutRedirectUri: '/auth/:provider/signed-out' })
  async logout(@Req() request: Request, @Query() { next, ...params }: Record<string, string>): Promise<object> {
    const { idToken } = (sessionToken(String(request.params.provider), request) ?? {}) as OAuth2Token;
    await regenerateSession(request);
    return { idTokenHint: idToken, returnTo: next, ...params };
  }

  @Get('auth/:provider/signed-out')
  @OAuthLogoutCallback()
  signedOut(@OAuthReturnTo() returnTo: string): object {
    return { returnTo };
  }

  @Post('auth/:provider/backchannel-logout')
  @OAuthBackchannelLogout()
  signedOutThere(): void {}

  @Get('auth/:provider/frontchannel-logout')
  @OAuthFrontchannelLogout()
  async signedOutInFrame(@Req() request: Request): Promise<object> {
    await regenerateSession(request);
    return { ended: true };
  }

  @Get('api/:provider/*path')
  async api(@Req() request: Request): Promise<unknown> {
    const { provider, path } = request.params as unknown as { provider: string; path: string[] };
    const { data } = await this.registry.get(provider).get(path.join('/'), { request });
    return data;
  }
}

/** Returns the token that {@link AuthController} saved in the session. */
export function sessionToken(name: string, request: object): OAuth1Token | OAuth2Token | undefined {
  return (request as { session?: Signed }).session?.tokens?.[name];
}

export async function startLoginApp(options: LoginAppOptions): Promise<LoginApp> {
  const { session: kind = 'express-session', trustProxy = false, withBaseUrl = false, ...moduleOptions } = options;
  const wanted = withBaseUrl ? await freePort() : 0;
  const own = withBaseUrl ? { baseUrl: `http://127.0.0.1:${wanted}` } : {};
  const app = await NestFactory.create(appModule({ ...own, ...moduleOptions }), {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  const sessions = new MemoryStore();
  const express = app.getHttpAdapter().getInstance() as { set(name: string, value: unknown): void };
  express.set('trust proxy', trustProxy);
  const middleware = sessionMiddleware(kind, sessions);
  if (middleware) app.use(middleware);
  await app.listen(wanted, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return { url, app, registry: app.get(OAuthRegistry), sessions, close: () => app.close() };
}

function appModule(options: OAuthClientModuleOptions): Type<unknown> {
  @Module({
    imports: [
      OAuthClientModule.forRoot({ fetchToken: sessionToken, ...options, clients: ofThisMachine(options.clients) }),
    ],
    controllers: [AuthController],
  })
  class AppModule {}
  return AppModule;
}

/** Allows HTTP, because the providers run on this machine without TLS. */
function ofThisMachine(clients: Record<string, ClientRegistration> = {}): Record<string, ClientRegistration> {
  const named = Object.entries(clients);
  return Object.fromEntries(named.map(([name, client]) => [name, { allowInsecureHttp: true, ...client }]));
}

function sessionMiddleware(kind: LoginAppOptions['session'], store: MemoryStore): RequestHandler | undefined {
  switch (kind) {
    case 'express-session':
      return session({ secret: 'test', resave: false, saveUninitialized: false, store });
    case 'cookie-session':
      return cookieSession({ name: 'session', secret: 'test' });
    default:
      return undefined;
  }
}
