import { Controller, Get, Inject, Module, Param, Query, Req, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Request } from 'express';
import session, { type Store } from 'express-session';
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
  regenerateSession,
  type ClientRegistration,
  type OAuth1Token,
  type OAuth2Token,
  type OAuthLoginParams,
  type UserInfo,
} from 'nestjs-oauth-client';
import type { OAuthRequest } from 'nestjs-oauth-client/protocol';
import type { TokenStore } from 'nestjs-oauth-client/stores';
import type { SiteApp } from './openid-site.js';

export interface UsersAppOptions {
  baseUrl: string;
  sessions: Store;
  tokens: TokenStore;
  clients: Record<string, ClientRegistration>;
}

const TOKENS = Symbol('TOKENS');

/** Keeps the user in the session, and the user's tokens in a store. */
@Controller('auth/:provider')
class AuthController {
  constructor(@Inject(TOKENS) private readonly tokens: TokenStore) {}

  @Get('login')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  login(@Query() { next, ...params }: Record<string, string>): OAuthLoginParams {
    return { ...params, returnTo: next };
  }

  @Get('callback')
  @OAuthCallback()
  async callback(
    @Req() request: Request,
    @Param('provider') name: string,
    @OAuthToken() token: OAuth1Token | OAuth2Token,
    @OAuthReturnTo() returnTo: string,
    @OAuthUserInfo() claims?: UserInfo,
  ): Promise<object> {
    const user = claims?.sub ?? String((token as OAuth1Token).screen_name);
    await this.tokens.save({ name, user }, token);
    await regenerateSession(request);
    Object.assign(request.session, { user });
    return { user, returnTo };
  }

  @Get('logout')
  @OAuthLogout({ postLogoutRedirectUri: '/auth/:provider/signed-out' })
  async logout(@Req() request: Request, @Param('provider') name: string): Promise<object> {
    const key = { name, user: userOf(request) ?? '' };
    const held = await this.tokens.fetch(key);
    await this.tokens.remove(key);
    await regenerateSession(request);
    return { idTokenHint: (held?.token as OAuth2Token | undefined)?.idToken, returnTo: '/bye' };
  }

  @Get('signed-out')
  @OAuthLogoutCallback()
  signedOut(@OAuthReturnTo() returnTo: string): object {
    return { returnTo };
  }
}

@Controller('api')
class ApiController {
  constructor(private readonly registry: OAuthRegistry) {}

  @Get(':provider/*path')
  async call(
    @Req() request: Request,
    @Param('provider') name: string,
    @Param('path') path: string[],
  ): Promise<unknown> {
    const { data } = await this.registry.get(name).get(path.join('/'), { request });
    return data;
  }
}

function userOf({ session }: OAuthRequest): string | undefined {
  return (session as { user?: string }).user;
}

/** Starts an app whose sessions and tokens are in stores that it may share with other apps. */
export async function startUsersApp({ sessions, ...options }: UsersAppOptions): Promise<SiteApp> {
  const app = await NestFactory.create(appModule(options), { logger: ['error'], abortOnError: false });
  app.use(session({ secret: 'test', resave: false, saveUninitialized: false, store: sessions }));
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, registry: app.get(OAuthRegistry), close: () => app.close() };
}

function appModule({ tokens, ...options }: Omit<UsersAppOptions, 'sessions'>): Type<unknown> {
  @Module({
    imports: [OAuthClientModule.forRoot({ ...options, tokenStore: tokens, userOf })],
    controllers: [AuthController, ApiController],
    providers: [{ provide: TOKENS, useValue: tokens }],
  })
  class AppModule {}
  return AppModule;
}
