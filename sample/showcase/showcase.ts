import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import session from 'express-session';
import { AppModule } from './app.module.js';
import { SessionsService } from './sessions/sessions.service.js';

/** Creates the application. It does not listen yet. */
export async function createShowcase(): Promise<INestApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['error', 'warn'] });
  app.useStaticAssets(join(import.meta.dirname, 'public'));
  // Behind a proxy that terminates TLS, add app.set('trust proxy', 1) and `secure: true` in the cookie.
  app.use(
    session({
      secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
      resave: false,
      saveUninitialized: false,
      store: app.get(SessionsService).store,
      cookie: { sameSite: 'lax', httpOnly: true },
    }),
  );
  app.enableShutdownHooks();
  return app;
}
