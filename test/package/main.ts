import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import session from 'express-session';
import { type OAuth2Token, OAuthCallback, OAuthClientModule, OAuthLogin, OAuthToken } from 'nestjs-oauth-client';

@Controller('auth')
class AuthController {
  @Get('github/login')
  @OAuthLogin('github', { redirectUri: '/auth/github/callback' })
  login() {}

  @Get('github/callback')
  @OAuthCallback('github')
  callback(@OAuthToken() token: OAuth2Token) {
    return { tokenType: token.tokenType };
  }
}

@Module({
  imports: [
    OAuthClientModule.forRoot({
      clients: {
        github: {
          clientId: 'id',
          clientSecret: 'secret',
          authorizeUrl: 'https://github.com/login/oauth/authorize',
          accessTokenUrl: 'https://github.com/login/oauth/access_token',
          apiBaseUrl: 'https://api.github.com/',
        },
      },
    }),
  ],
  controllers: [AuthController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.use(session({ secret: 'x', resave: false, saveUninitialized: false }));
await app.listen(0, '127.0.0.1');
console.log(`listening on ${await app.getUrl()}`);
