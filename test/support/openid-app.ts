import { Controller, Get, Module, Param, Post, Query, Req, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Request } from 'express';
import session from 'express-session';
import type { JSONWebKeySet } from 'jose';
import {
  OAuthCallback,
  OAuthClientModule,
  OAuthLogin,
  OAuthRegistry,
  OAuthToken,
  OAuthUserInfo,
  type OAuth2App,
  type OAuth2Token,
  type OAuthClientModuleOptions,
  type OAuthLoginParams,
} from 'nestjs-oauth-client';
import { freePort } from './free-port.js';
import type { SiteApp } from './openid-site.js';

/** Returns the token that {@link LoginController} saved in the session. */
export function tokenIn(request: object): OAuth2Token | undefined {
  return (request as { session?: { token?: OAuth2Token } }).session?.token;
}

@Controller('auth/:provider')
class LoginController {
  /** Takes the login parameters from the query. Values that are not strings are in `wishes`, as JSON. */
  @Get('login')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  login(@Query() { wishes = '{}', ...params }: Record<string, string>): OAuthLoginParams {
    return { ...params, ...(JSON.parse(wishes) as OAuthLoginParams) };
  }

  @Get('callback')
  @OAuthCallback()
  callback(@Req() request: Request, @OAuthToken() token: OAuth2Token, @OAuthUserInfo() userInfo: unknown): object {
    Object.assign(request.session, { token });
    return { token, userInfo };
  }

  @Post('callback')
  @OAuthCallback()
  formCallback(@Req() request: Request, @OAuthToken() token: OAuth2Token, @OAuthUserInfo() userInfo: unknown): object {
    return this.callback(request, token, userInfo);
  }
}

/** The `jwks_uri` of each client. */
@Controller('keys')
export class KeysController {
  constructor(private readonly registry: OAuthRegistry) {}

  @Get(':provider')
  keys(@Param('provider') name: string): Promise<JSONWebKeySet> {
    return this.registry.get<OAuth2App>(name).publicJwks();
  }
}

/** Starts an app with login routes, the test's controllers and a `baseUrl`. Its clients are registered later. */
export async function startOpenIdApp(
  controllers: Type<unknown>[],
  options: OAuthClientModuleOptions = {},
): Promise<SiteApp & { app: INestApplication }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const app = await NestFactory.create(appModule(controllers, { baseUrl: url, ...options }), {
    logger: ['error'],
    abortOnError: false,
  });
  app.use(session({ secret: 'test', resave: false, saveUninitialized: false }));
  await app.listen(port, '127.0.0.1');
  return { app, url, registry: app.get(OAuthRegistry), close: () => app.close() };
}

function appModule(controllers: Type<unknown>[], options: OAuthClientModuleOptions): Type<unknown> {
  @Module({
    imports: [OAuthClientModule.forRoot({ fetchToken: (_name, request) => tokenIn(request), ...options })],
    controllers: [LoginController, ...controllers],
  })
  class AppModule {}
  return AppModule;
}
