import { All, Controller, Get, Param, Post, Query, Req } from '@nestjs/common';
import {
  OAuthBackchannelLogout,
  OAuthCallback,
  OAuthFrontchannelLogout,
  OAuthLogin,
  OAuthLogout,
  OAuthLogoutCallback,
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

/** The session of an application. */
interface Signed {
  userId?: string;
  token?: OAuth1Token | OAuth2Token;
}

/** Returns the token that {@link AuthController} saved in the session. */
export function tokenIn(request: OAuthRequest): OAuth1Token | OAuth2Token | undefined {
  return sessionOf(request)?.token;
}

function sessionOf({ session }: OAuthRequest): Signed | undefined {
  return session as Signed | undefined;
}

/** The routes of the documentation. */
@Controller('auth/:provider')
export class AuthController {
  @Get('login')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  login(@Param('provider') provider: string, @Query('next') next?: string): OAuthLoginParams {
    // a pushed request does not derive the redirect URI from the request's host
    const isPushed = provider === 'par' || provider.startsWith('slot');
    return { returnTo: next, ...(isPushed && { redirectUri: 'https://site.example/auth/par/callback' }) };
  }

  @All('callback')
  @OAuthCallback()
  async callback(
    @Req() request: OAuthRequest,
    @OAuthToken() token: OAuth1Token | OAuth2Token,
    @OAuthReturnTo() returnTo: string,
    @OAuthUserInfo() user?: UserInfo,
  ): Promise<object> {
    if (request.session) {
      await regenerateSession(request);
      Object.assign(request.session, { userId: user?.sub, token });
    }
    return { signedIn: true, sub: user?.sub, returnTo };
  }

  @Get('logout')
  @OAuthLogout({ postLogoutRedirectUri: '/auth/:provider/signed-out' })
  async logout(@Req() request: OAuthRequest, @Query('next') next?: string): Promise<object> {
    const { idToken } = (tokenIn(request) ?? {}) as OAuth2Token;
    if (request.session) await regenerateSession(request);
    return { idTokenHint: idToken, returnTo: next };
  }

  @Get('signed-out')
  @OAuthLogoutCallback()
  signedOut(@OAuthReturnTo() returnTo: string): object {
    return { returnTo };
  }

  @Post('backchannel-logout')
  @OAuthBackchannelLogout()
  signedOutThere(): void {}

  @Get('frontchannel-logout')
  @OAuthFrontchannelLogout()
  async signedOutInFrame(@Req() request: OAuthRequest): Promise<object> {
    if (request.session) await regenerateSession(request);
    return { ended: true };
  }
}
