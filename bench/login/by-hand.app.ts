import { Controller, Get, Header, Module, Redirect, Req } from '@nestjs/common';
import type { Request } from 'express';
import { createHash, randomBytes } from 'node:crypto';
import { BASE_URL, CALLBACK_PATH, PROVIDER } from './provider.js';

/** Sends the same response and keeps the same session data as `@OAuthLogin()`, without a library. */
@Controller()
class AuthController {
  @Get('login')
  @Header('Cache-Control', 'no-store')
  @Redirect()
  async login(@Req() { session }: Request): Promise<{ url: string; statusCode: number }> {
    const redirectUri = BASE_URL + CALLBACK_PATH;
    const state = randomBytes(32).toString('base64url');
    const codeVerifier = randomBytes(32).toString('base64url');

    const url = new URL(PROVIDER.authorizeUrl);
    url.searchParams.set('response_type', 'code');
    url.searchParams.set('client_id', PROVIDER.clientId);
    url.searchParams.set('redirect_uri', redirectUri);
    url.searchParams.set('scope', PROVIDER.scope);
    url.searchParams.set('state', state);
    url.searchParams.set('code_challenge', createHash('sha256').update(codeVerifier).digest('base64url'));
    url.searchParams.set('code_challenge_method', 'S256');

    const exp = Math.floor(Date.now() / 1000) + 3600;
    Object.assign(session, {
      [`_state_provider_${state}`]: { data: { provider: 'provider', redirectUri, codeVerifier }, exp },
    });
    await new Promise<void>((resolve, reject) => {
      session.save((error: unknown) =>
        error ? reject(new Error('the session was not saved', { cause: error })) : resolve(),
      );
    });
    return { url: url.href, statusCode: 302 };
  }
}

@Module({ controllers: [AuthController] })
export class AppModule {}
