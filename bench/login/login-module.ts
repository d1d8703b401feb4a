import { Controller, Get, Module, type Type } from '@nestjs/common';
import { OAuthClientModule, OAuthLogin, type OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { BASE_URL, CALLBACK_PATH, PROVIDER } from './provider.js';

const { scope, ...settings } = PROVIDER;

/** Returns the module of an app with an `@OAuthLogin()` route. */
export function loginModule(options: OAuthClientModuleOptions = {}): Type {
  @Controller()
  class AuthController {
    @Get('login')
    @OAuthLogin('provider', { redirectUri: CALLBACK_PATH })
    login(): void {}
  }

  @Module({
    imports: [
      OAuthClientModule.forRoot({
        ...options,
        baseUrl: BASE_URL,
        clients: { provider: { ...settings, clientKwargs: { scope, codeChallengeMethod: 'S256' } } },
      }),
    ],
    controllers: [AuthController],
  })
  class AppModule {}
  return AppModule;
}
