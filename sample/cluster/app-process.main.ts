import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import cookieSession from 'cookie-session';
import { join } from 'node:path';
import { AppModule } from './app.module.js';

// One process of the application. Sends its URL to the process that started it, and exits with that process.
const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['error', 'warn'] });
app.useStaticAssets(join(import.meta.dirname, 'public'));
app.use(cookieSession({ name: 'cluster', secret: process.env.SESSION_SECRET, sameSite: 'lax' }));
await app.listen(0, '127.0.0.1');
process.on('disconnect', () => void app.close().finally(() => process.exit())); // app.close() waits for refreshes
process.send?.({ url: await app.getUrl() });
