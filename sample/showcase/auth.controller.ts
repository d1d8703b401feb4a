import { All, Controller, Get, Param, Query, Redirect, Req } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Request } from 'express';
import {
  OAuthCallback,
  OAuthLogin,
  OAuthRegistry,
  OAuthReturnTo,
  OAuthToken,
  OAuthUserInfo,
  type OAuth1Token,
  type OAuth2Token,
  type OAuthLoginParams,
  type UserInfo,
} from 'nestjs-oauth-client';
import { beginSession } from './session.js';
import { TokensService } from './tokens/tokens.service.js';
import { readProfile, type Profile } from './users/profile.js';
import { UsersService } from './users/users.service.js';

/** Signs users in with every provider, with one pair of routes. */
@Controller('auth')
export class AuthController {
  constructor(
    private readonly registry: OAuthRegistry,
    private readonly users: UsersService,
    private readonly tokens: TokensService,
    private readonly config: ConfigService,
  ) {}

  @Get(':provider/login')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  login(@Query('next') next?: string): OAuthLoginParams {
    return { returnTo: next };
  }

  /** Accepts GET, and POST for providers with `response_mode=form_post`. */
  @All(':provider/callback')
  @OAuthCallback()
  @Redirect()
  async callback(
    @Req() request: Request,
    @Param('provider') provider: string,
    @OAuthToken() token: OAuth1Token | OAuth2Token,
    @OAuthReturnTo() returnTo: string,
    @OAuthUserInfo() claims?: UserInfo,
  ): Promise<{ url: string }> {
    const profile = claims ? readProfile(claims) : await this.fetchProfile(provider, token);
    const user = await this.users.signIn(provider, profile, await this.users.find(request.session.userId));
    await this.tokens.save(provider, user, token);
    const { claims: known, openIdProvider } = request.session;
    const openId = claims ? { claims, openIdProvider: provider } : { claims: known, openIdProvider };
    await beginSession(request, { userId: user.id, ...openId });
    return { url: returnTo };
  }

  /** Fetches the user's profile from the provider's API: from `me`, or from `{NAME}_PROFILE_PATH` (`GITHUB_PROFILE_PATH=user`). */
  private async fetchProfile(provider: string, token: OAuth1Token | OAuth2Token): Promise<Profile> {
    const path = this.config.get<string>(`${provider.toUpperCase()}_PROFILE_PATH`, 'me');
    const { data } = await this.registry.get(provider).get<Record<string, unknown>>(path, { token });
    return readProfile(data);
  }
}
