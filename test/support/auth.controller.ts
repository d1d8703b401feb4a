import { Body, Controller, Get, Param, Post, Query, Req } from '@nestjs/common';
import type { JSONWebKeySet } from 'jose';
import {
  OAuthBackchannelLogout,
  OAuthCallback,
  OAuthFrontchannelLogout,
  OAuthLogin,
  OAuthLogout,
  OAuthLogoutCallback,
  OAuthRegistry,
  OAuthReturnTo,
  OAuthToken,
  OAuthUserInfo,
  regenerateSession,
  type OAuth1Token,
  type OAuth2App,
  type OAuth2Token,
  type OAuthLoginParams,
  type UserInfo,
} from 'nestjs-oauth-client';
import type { OAuthRequest } from 'nestjs-oauth-client/protocol';

/** A session with the token of each client that the user has signed in with. */
interface Signed {
  tokens?: Record<string, OAuth1Token | OAuth2Token>;
}

/** The routes of every client: login, logout, and calls of the provider's API. */
@Controller('auth/:provider')
export class AuthController {
  constructor(private readonly registry: OAuthRegistry) {}

  /** Passes the query to the provider, except `next`, and `wishes`: parameters as JSON. */
  @Get('login')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  login(@Query() { next, wishes = '{}', ...params }: Record<string, string>): OAuthLoginParams {
    return { ...params, ...(JSON.parse(wishes) as OAuthLoginParams), returnTo: next };
  }

  /** Saves the token in the session, if there is one. */
  @Get('callback')
  @OAuthCallback()
  callback(
    @Req() { session }: OAuthRequest,
    @Param('provider') name: string,
    @OAuthToken() token: OAuth1Token | OAuth2Token,
    @OAuthReturnTo() returnTo: string,
    @OAuthUserInfo() userInfo?: UserInfo,
  ): object {
    const signed = session as Signed | undefined;
    if (signed) signed.tokens = { ...signed.tokens, [name]: token };
    return { token, returnTo, userInfo };
  }

  @Post('callback')
  @OAuthCallback()
  formCallback(
    @Req() request: OAuthRequest,
    @Param('provider') name: string,
    @OAuthToken() token: OAuth2Token,
    @OAuthReturnTo() returnTo: string,
    @Body() body: object | undefined,
    @OAuthUserInfo() userInfo?: UserInfo,
  ): object {
    return { ...this.callback(request, name, token, returnTo, userInfo), fields: Object.keys(body ?? {}) };
  }

  @Get('user')
  user(@Req() request: OAuthRequest, @Param('provider') name: string): object {
    return { signedIn: sessionToken(name, request) !== undefined };
  }

  /** Ends the session of the application, and then the session of the provider. */
  @Get('logout')
  @OAuthLogout({ postLogoutRedirectUri: '/auth/:provider/signed-out' })
  async logout(
    @Req() request: OAuthRequest,
    @Param('provider') name: string,
    @Query() { next, ...params }: Record<string, string>,
  ): Promise<object> {
    const { idToken } = (sessionToken(name, request) ?? {}) as OAuth2Token;
    if (request.session) await regenerateSession(request);
    return { idTokenHint: idToken, returnTo: next, ...params };
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
    await regenerateSession(request);
    return { ended: true };
  }

  /** The client's `jwks_uri`. */
  @Get('jwks')
  async jwks(@Param('provider') name: string): Promise<JSONWebKeySet> {
    return (await this.registry.resolve<OAuth2App>(name)).publicJwks();
  }

  @Get('api/:path')
  async api(
    @Req() request: OAuthRequest,
    @Param('provider') name: string,
    @Param('path') path: string,
  ): Promise<unknown> {
    const { data } = await (await this.registry.resolve(name)).get(path, { request });
    return data;
  }
}

/** The token that {@link AuthController} saved in the session. */
export function sessionToken(name: string, { session }: OAuthRequest): OAuth1Token | OAuth2Token | undefined {
  return (session as Signed | undefined)?.tokens?.[name];
}
