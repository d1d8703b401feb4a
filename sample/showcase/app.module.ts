import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_FILTER } from '@nestjs/core';
import { OAuthClientModule } from 'nestjs-oauth-client';
import { ApiController } from './api.controller.js';
import { AuthController } from './auth.controller.js';
import { CodeController } from './code/code.controller.js';
import { DatabaseModule } from './database/database.module.js';
import { EmbeddedProviders, EmbeddedProvidersModule } from './embedded-providers.js';
import { DeviceModule } from './device/device.module.js';
import { ErrorPageFilter } from './error-page.filter.js';
import { HomeController } from './home.controller.js';
import { LogoutController } from './logout.controller.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { TokensModule } from './tokens/tokens.module.js';
import { TokensService } from './tokens/tokens.service.js';
import { UsersModule } from './users/users.module.js';

/**
 * The clients of two embedded providers, and all clients in the environment variable `AUTHLIB_OAUTH_CLIENTS`, which the library
 * reads without code.
 */
@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    DatabaseModule,
    UsersModule,
    SessionsModule,
    TokensModule,
    DeviceModule,
    OAuthClientModule.forRootAsync({
      imports: [EmbeddedProvidersModule, TokensModule],
      inject: [EmbeddedProviders, TokensService, ConfigService],
      useFactory: (providers: EmbeddedProviders, tokens: TokensService, config: ConfigService) => ({
        clients: providers.clients,
        tokenStore: tokens,
        baseUrl: config.get<string>('BASE_URL'), // set it in production
      }),
    }),
  ],
  controllers: [HomeController, AuthController, LogoutController, ApiController, CodeController],
  providers: [{ provide: APP_FILTER, useClass: ErrorPageFilter }],
})
export class AppModule {}
