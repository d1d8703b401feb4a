import { Controller, Get, Post, Redirect, Req } from '@nestjs/common';
import type { Request } from 'express';
import {
  OAuthAccount,
  OAuthCallback,
  OAuthLogin,
  OAuthToken,
  OAuthUserInfo,
  type OAuth2Token,
  type ProviderAccount,
  type UserInfo,
} from 'nestjs-oauth-client';
import { endSession, sessionOf } from './session.js';
import { Stores } from './stores.js';
import { THIS_PROCESS } from './this-process.js';

/** Signs users in and out. Another process than that of the login may receive the callback. */
@Controller('auth')
export class AuthController {
  constructor(private readonly stores: Stores) {}

  @Get('login')
  @OAuthLogin('harbour', { redirectUri: '/auth/callback' })
  login(@Req() request: Request): void {
    sessionOf(request).begunBy = THIS_PROCESS;
  }

  @Get('callback')
  @OAuthCallback('harbour')
  @Redirect('/')
  async callback(
    @Req() request: Request,
    @OAuthToken() token: OAuth2Token,
    @OAuthAccount() { client, subject }: ProviderAccount,
    @OAuthUserInfo() { name }: UserInfo,
  ) {
    const user = { id: JSON.stringify([client, subject]), name: String(name) };
    await this.stores.tokens.save({ name: client, user: user.id }, token);
    Object.assign(sessionOf(request), { user, finishedBy: THIS_PROCESS });
  }

  @Post('logout')
  @Redirect('/')
  async logout(@Req() request: Request): Promise<void> {
    const { user } = sessionOf(request);
    if (user) await this.stores.tokens.remove({ name: 'harbour', user: user.id });
    endSession(request);
  }
}
