import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common';
import type { Request } from 'express';
import {
  OAuthCallback,
  OAuthLogin,
  OAuthLogout,
  OAuthLogoutCallback,
  OAuthRegistry,
  OAuthReturnTo,
  OAuthToken,
  OAuthUserInfo,
  regenerateSession,
  type OAuth1Token,
  type OAuth2Token,
  type OAuthLoginParams,
  type UserInfo,
} from 'nestjs-oauth-client';
import type { OAuthRequest } from 'nestjs-oauth-client/protocol';
import type { TokenStore } from 'nestjs-oauth-client/stores';

export const TOKENS = Symbol('TOKENS');

/** Keeps the user in the session, and the user's tokens in a store. */
@Controller('auth/:provider')
export class UsersController {
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
export class ApiController {
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

export function userOf({ session }: OAuthRequest): string | undefined {
  return (session as { user?: string }).user;
}
