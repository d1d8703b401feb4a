import { Controller, Get, Module } from '@nestjs/common';
import { OAuthCallback, OAuthClientModule, OAuthLogin, OAuthUserInfo, type UserInfo } from 'nestjs-oauth-client';
import { BASE_URL, CALLBACK_PATH, CLIENT } from './client.js';

const issuer = process.argv[3]!;

@Controller()
class AuthController {
  @Get('login')
  @OAuthLogin('provider', { redirectUri: CALLBACK_PATH })
  login(): void {}

  @Get(CALLBACK_PATH)
  @OAuthCallback('provider')
  callback(@OAuthUserInfo() user: UserInfo): UserInfo {
    return user;
  }
}

@Module({
  imports: [
    OAuthClientModule.forRoot({
      baseUrl: BASE_URL,
      clients: {
        provider: {
          clientId: CLIENT.id,
          clientSecret: CLIENT.secret,
          issuer,
          allowInsecureHttp: true,
          clientKwargs: { scope: CLIENT.scope, codeChallengeMethod: 'S256' },
        },
      },
    }),
  ],
  controllers: [AuthController],
})
export class AppModule {}
