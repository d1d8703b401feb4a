import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionsModule } from '../sessions/sessions.module.js';
import { OAuth1Token } from './oauth1-token.entity.js';
import { OAuth2Token } from './oauth2-token.entity.js';
import { TokensService } from './tokens.service.js';

@Module({
  imports: [SessionsModule, TypeOrmModule.forFeature([OAuth1Token, OAuth2Token])],
  providers: [TokensService],
  exports: [TokensService],
})
export class TokensModule {}
