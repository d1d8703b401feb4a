import { All, Controller, Get, Param, Query, Redirect, Req, UseFilters } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Request } from 'express';
import {
  OAuthCallback,
  OAuthLogin,
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
import { ErrorPageFilter } from './error-page.filter.js';
import './session.js';
import { TokensService } from './tokens/tokens.service.js';
import { readProfile, type Profile } from './users/profile.js';
import { UsersService } from './users/users.service.js';

/** One pair of routes signs users in with every provider. */
@Controller('auth')
@UseFilters(ErrorPageFilter)
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

  /** A GET, or a POST of a form where the provider answers with one (`response_mode=form_post`). */
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
    await regenerateSession(request);
    request.session.userId = user.id;
    return { url: returnTo };
  }

  @Get('logout')
  @Redirect('/')
  async logout(@Req() { session }: Request): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      session.destroy((error?: Error) => (error ? reject(error) : resolve())),
    );
  }

  /** Where a provider tells who the user is: `me`, or what `{NAME}_PROFILE_PATH` says (`GITHUB_PROFILE_PATH=user`). */
  private async fetchProfile(provider: string, token: OAuth1Token | OAuth2Token): Promise<Profile> {
    const path = this.config.get<string>(`${provider.toUpperCase()}_PROFILE_PATH`, 'me');
    const { data } = await this.registry.get(provider).get<Record<string, unknown>>(path, { token });
    return readProfile(data);
  }
}
