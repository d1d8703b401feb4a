import { Controller, Get, Module } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { OAuthClientModule, OAuthLogin } from 'nestjs-oauth-client';
import { BASE_URL, CALLBACK_PATH, PROVIDER } from './provider.js';

/** Logins in cookies need no session. */
export const usesSessions = false;

@Controller()
class AuthController {
  @Get('login')
  @OAuthLogin('provider', { redirectUri: CALLBACK_PATH })
  login(): void {}
}

const { scope, ...settings } = PROVIDER;

@Module({
  imports: [
    OAuthClientModule.forRoot({
      baseUrl: BASE_URL,
      state: 'cookie',
      encryptionKeys: randomBytes(32).toString('base64'),
      clients: { provider: { ...settings, clientKwargs: { scope, codeChallengeMethod: 'S256' } } },
    }),
  ],
  controllers: [AuthController],
})
export class AppModule {}
