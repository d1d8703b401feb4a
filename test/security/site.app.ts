/**
 * A site in its own process, on Express or Fastify, with any of the session stores. It signs users in and out, and redirects
 * them to the return path. `return-path.spec.ts` compiles and runs it.
 */
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { Controller, Get, Module, Query, Redirect, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import PgStore from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import { setTimeout } from 'node:timers/promises';
import cookieSession from 'cookie-session';
import session, { MemoryStore, type Store } from 'express-session';
import { Pool } from 'pg';
import { createClient } from 'redis';
import {
  OAuthCallback,
  OAuthClientModule,
  OAuthLogin,
  OAuthLogout,
  OAuthLogoutCallback,
  OAuthReturnTo,
  type OAuthLoginParams,
} from '../../lib/index.js';

export interface SiteSettings {
  provider: string;
  platform: 'express' | 'fastify';
  sessions: 'memory' | 'redis' | 'postgres' | 'cookie-session';
  state: 'session' | 'cookie';
}

interface SavingRequest {
  session: { save(): unknown };
  sessionStore: { set(id: string, session: object, done: (error: unknown) => void): void };
}

const { provider, platform, sessions, state } = JSON.parse(process.env.SITE ?? '') as SiteSettings;
const SECRET = 'x'.repeat(32);

@Controller()
class SiteController {
  @Get('login')
  @OAuthLogin('dev', { redirectUri: '/callback' })
  login(@Query('next') next?: string): OAuthLoginParams {
    return { returnTo: next };
  }

  /** A careless application redirects to a string that is not allowed in a header. */
  @Get('callback')
  @OAuthCallback('dev')
  @Redirect()
  callback(@OAuthReturnTo() returnTo: string, @Query('careless') careless?: string): object {
    return { url: careless === undefined ? returnTo : '/日' };
  }

  /** The application saves the session without a callback while its store is down. */
  @Get('saves')
  @OAuthCallback('dev')
  async saves(@Req() request: SavingRequest): Promise<string> {
    const { set } = request.sessionStore;
    request.sessionStore.set = (_id, _session, done) => setImmediate(done, new Error('the store is down'));
    void request.session.save();
    await setTimeout(100);
    request.sessionStore.set = set;
    return 'yes';
  }

  @Get('logout')
  @OAuthLogout('dev', { postLogoutRedirectUri: '/signed-out' })
  logout(@Query('next') next?: string): object {
    return { returnTo: next };
  }

  @Get('signed-out')
  @OAuthLogoutCallback('dev')
  @Redirect()
  signedOut(@OAuthReturnTo() returnTo: string): object {
    return { url: returnTo };
  }

  @Get('alive')
  alive(): string {
    return 'yes';
  }
}

@Module({
  imports: [
    OAuthClientModule.forRoot({
      clients: {
        dev: {
          clientId: 'dev',
          clientSecret: 'client-secret',
          authorizeUrl: `${provider}/authorize`,
          accessTokenUrl: `${provider}/token`,
          endSessionEndpoint: `${provider}/end`,
          allowInsecureHttp: true,
        },
      },
      state,
      encryptionKeys: Buffer.alloc(32, 1).toString('base64'),
    }),
  ],
  controllers: [SiteController],
})
class SiteModule {}

async function openStore(): Promise<Store> {
  switch (sessions) {
    case 'redis':
      return new RedisStore({ client: await createClient({ url: process.env.REDIS_URL }).connect(), prefix: 'site:' });
    case 'postgres': {
      const pool = new Pool({ connectionString: process.env.DATABASE_URL });
      return new (PgStore(session))({ pool, tableName: 'site_session', createTableIfMissing: true });
    }
    default:
      return new MemoryStore();
  }
}

async function onExpress() {
  const app = await NestFactory.create(SiteModule, { logger: false });
  app.use(
    sessions === 'cookie-session'
      ? cookieSession({ name: 'session', secret: SECRET })
      : session({ secret: SECRET, resave: false, saveUninitialized: false, store: await openStore() }),
  );
  return app;
}

async function onFastify() {
  const app = await NestFactory.create<NestFastifyApplication>(SiteModule, new FastifyAdapter(), { logger: false });
  await app.register(fastifyCookie);
  const store = sessions === 'memory' ? undefined : await openStore();
  await app.register(fastifySession, { secret: SECRET, cookie: { secure: false }, ...(store && { store }) });
  return app;
}

const app = await (platform === 'express' ? onExpress() : onFastify());
await app.listen(0, '127.0.0.1');
process.send?.(await app.getUrl());
