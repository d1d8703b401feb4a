import { Controller, Get, Header, Module, Redirect, Req } from '@nestjs/common';
import type { Request } from 'express';
import { randomBytes } from 'node:crypto';
import { authorizationUrl, REDIRECT_URI } from './hand-written-url.js';

/** Sends the same response and keeps the same session data as `@OAuthLogin()`, without a library. */
@Controller()
class AuthController {
  @Get('login')
  @Header('Cache-Control', 'no-store')
  @Redirect()
  async login(@Req() { session }: Request): Promise<{ url: string; statusCode: number }> {
    const state = randomBytes(32).toString('base64url');
    const codeVerifier = randomBytes(32).toString('base64url');
    const url = authorizationUrl(state, codeVerifier);
    const exp = Math.floor(Date.now() / 1000) + 3600;
    Object.assign(session, {
      [`_state_provider_${state}`]: { data: { provider: 'provider', redirectUri: REDIRECT_URI, codeVerifier }, exp },
    });
    await new Promise<void>((resolve, reject) => {
      session.save((error: unknown) =>
        error ? reject(new Error('the session was not saved', { cause: error })) : resolve(),
      );
    });
    return { url, statusCode: 302 };
  }
}

@Module({ controllers: [AuthController] })
export class AppModule {}
