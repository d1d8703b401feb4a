import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { All, Controller, Get, Module, Query, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { NestExpressApplication } from '@nestjs/platform-express';
import session from 'express-session';
import type { AddressInfo } from 'node:net';
import {
  OAuthCallback,
  OAuthClientModule,
  OAuthLogin,
  OAuthLogout,
  OAuthLogoutCallback,
  OAuthRegistry,
  OAuthReturnTo,
  OAuthToken,
  OAuthUserInfo,
  type OAuthClientModuleOptions,
  type OAuthLoginParams,
} from 'nestjs-oauth-client';
import type { SiteApp } from './openid-site.js';

export interface StateAppOptions extends OAuthClientModuleOptions {
  /** @default 'express' */
  platform?: 'express' | 'fastify';
  /** Whether the app has session middleware. @default true with `state: 'session'`, otherwise false */
  withSession?: boolean;
  /** Nest's `bodyParser` option. */
  bodyParser?: boolean;
  /** The secret that signs the session ID. */
  sessionSecret?: string;
}

@Controller('auth/:provider')
class AuthController {
  @Get('login')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  login(@Query() { next, ...params }: Record<string, string>): OAuthLoginParams {
    return { ...params, returnTo: next };
  }

  @All('callback')
  @OAuthCallback()
  callback(@OAuthToken() token: object, @OAuthReturnTo() returnTo: string, @OAuthUserInfo() userInfo: unknown): object {
    return { token, returnTo, userInfo };
  }

  @Get('logout')
  @OAuthLogout({ postLogoutRedirectUri: '/auth/:provider/signed-out' })
  logout(@Query() { next, ...params }: Record<string, string>): object {
    return { returnTo: next, ...params };
  }

  @Get('signed-out')
  @OAuthLogoutCallback()
  signedOut(@OAuthReturnTo() returnTo: string): object {
    return { returnTo };
  }
}

/** Starts an app that has only login and logout routes, and trusts its proxy. */
export async function startStateApp(options: StateAppOptions): Promise<SiteApp> {
  const { platform = 'express', withSession, sessionSecret = 'x'.repeat(32), bodyParser, ...moduleOptions } = options;
  const { state = 'session' } = moduleOptions;
  const secret = (withSession ?? state === 'session') ? sessionSecret : undefined;
  const module = appModule(moduleOptions);
  const app = platform === 'express' ? await onExpress(module, secret, bodyParser) : await onFastify(module, secret);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, registry: app.get(OAuthRegistry), close: () => app.close() };
}

async function onExpress(
  module: Type<unknown>,
  secret: string | undefined,
  bodyParser?: boolean,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(module, {
    logger: ['error'],
    abortOnError: false,
    bodyParser,
  });
  app.set('trust proxy', true);
  if (secret) app.use(session({ secret, resave: false, saveUninitialized: false }));
  return app;
}

async function onFastify(module: Type<unknown>, secret: string | undefined): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ trustProxy: true });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: ['error'],
    abortOnError: false,
  });
  if (secret) {
    await app.register(fastifyCookie);
    await app.register(fastifySession, { secret, cookie: { secure: false } });
  }
  return app;
}

function appModule({ clients = {}, ...options }: OAuthClientModuleOptions): Type<unknown> {
  const named = Object.entries(clients).map(([name, client]) => [name, { allowInsecureHttp: true, ...client }]);
  @Module({
    imports: [OAuthClientModule.forRoot({ ...options, clients: Object.fromEntries(named) as typeof clients })],
    controllers: [AuthController],
  })
  class AppModule {}
  return AppModule;
}
