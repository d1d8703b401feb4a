import { Module } from '@nestjs/common';
import { OAuthClientModule } from 'nestjs-oauth-client';
import { ApiController } from './api.controller.js';
import { AuthController } from './auth.controller.js';
import { harbourClient } from './harbour.js';
import { HomeController } from './home.controller.js';
import { sessionOf } from './session.js';
import { openStores, Stores } from './stores.js';

@Module({ providers: [{ provide: Stores, useFactory: openStores }], exports: [Stores] })
class StoresModule {}

/** The application. Only its page depends on the number of processes. */
@Module({
  imports: [
    StoresModule,
    OAuthClientModule.forRootAsync({
      imports: [StoresModule],
      inject: [Stores],
      useFactory: ({ state, tokens }: Stores) => ({
        clients: { harbour: harbourClient(process.env.HARBOUR_URL ?? '') },
        baseUrl: process.env.BASE_URL,
        state,
        encryptionKeys: process.env.ENCRYPTION_KEY,
        tokenStore: tokens,
        userOf: (request) => sessionOf(request).user?.id,
      }),
    }),
  ],
  controllers: [HomeController, AuthController, ApiController],
})
export class AppModule {}
