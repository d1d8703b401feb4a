import { Controller, Get, Module } from '@nestjs/common';
import { OAuthClientModule, OAuthLogin } from 'nestjs-oauth-client';
import { randomBytes } from 'node:crypto';
import { BASE_URL, CALLBACK_PATH, PROVIDER } from './provider.js';

/** The number of providers, as the first argument after the module. */
const count = Number(process.argv[3]);
const { scope, ...settings } = PROVIDER;
const client = { ...settings, clientKwargs: { scope } };

export const usesSessions = false;

@Controller()
class AuthController {
  @Get('login/:provider')
  @OAuthLogin({ redirectUri: CALLBACK_PATH })
  login(): void {}
}

@Module({
  imports: [
    OAuthClientModule.forRoot({
      state: 'cookie',
      encryptionKeys: randomBytes(32).toString('base64'),
      baseUrl: BASE_URL,
      clients: Object.fromEntries(Array.from({ length: count }, (_, index) => [`provider-${index}`, client])),
    }),
  ],
  controllers: [AuthController],
})
export class AppModule {}
