import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-oauth2';
import { BASE_URL, CALLBACK_PATH, PROVIDER } from './provider.js';

@Injectable()
class ProviderStrategy extends PassportStrategy(Strategy, 'provider') {
  constructor() {
    super({
      authorizationURL: PROVIDER.authorizeUrl,
      tokenURL: PROVIDER.accessTokenUrl,
      clientID: PROVIDER.clientId,
      clientSecret: PROVIDER.clientSecret,
      callbackURL: BASE_URL + CALLBACK_PATH,
      scope: PROVIDER.scope,
      state: true,
      pkce: true,
    });
  }

  validate(): object {
    return {};
  }
}

@Controller()
class AuthController {
  @Get('login')
  @UseGuards(AuthGuard('provider'))
  login(): void {}
}

@Module({ imports: [PassportModule], controllers: [AuthController], providers: [ProviderStrategy] })
export class AppModule {}
