import { Controller, Get, Param, Post, Redirect, Req, UseFilters } from '@nestjs/common';
import type { Request } from 'express';
import {
  OAuthBackchannelLogout,
  OAuthLogout,
  OAuthLogoutCallback,
  OAuthReturnTo,
  regenerateSession,
} from 'nestjs-oauth-client';
import type { LogoutRedirectParams } from 'nestjs-oauth-client/protocol';
import './session.js';
import { SignedOutHereFilter } from './signed-out-here.filter.js';
import { TokensService } from './tokens/tokens.service.js';

/** Signs users out of the showcase and of the OpenID Connect provider, and handles a logout that started at the provider. */
@Controller('auth')
export class LogoutController {
  constructor(private readonly tokens: TokensService) {}

  /** Signs the user out of the showcase, and of the OpenID Connect provider if the user signed in with one. */
  @Get('logout')
  @Redirect('/')
  async logout(@Req() { session }: Request): Promise<{ url: string } | undefined> {
    if (session.openIdProvider !== undefined) return { url: `/auth/${session.openIdProvider}/logout` };
    await new Promise<void>((resolve, reject) =>
      session.destroy((error?: Error) => (error ? reject(error) : resolve())),
    );
    return undefined;
  }

  @Get(':provider/logout')
  @OAuthLogout({ postLogoutRedirectUri: '/auth/:provider/signed-out' })
  @UseFilters(SignedOutHereFilter)
  async providerLogout(@Req() request: Request, @Param('provider') provider: string): Promise<LogoutRedirectParams> {
    const token = await this.tokens.take(provider, request.session.userId);
    await regenerateSession(request); // ends the session, and keeps pending logouts
    return { idTokenHint: token?.idToken };
  }

  @Get(':provider/signed-out')
  @OAuthLogoutCallback()
  @Redirect()
  signedOut(@OAuthReturnTo() url: string): { url: string } {
    return { url };
  }

  /** The provider calls this route when a user signs out there. `TokensService.onBackchannelLogout()` ends the sessions. */
  @Post(':provider/backchannel-logout')
  @OAuthBackchannelLogout()
  signedOutThere(): void {}
}
