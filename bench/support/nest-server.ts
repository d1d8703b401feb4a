// Serves the Nest app of a module: `node nest-server.js MODULE`. The module reads further arguments. Sends its URL to the parent.
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import session, { MemoryStore } from 'express-session';
import { serveParent } from './serve-parent.js';

const { AppModule, usesSessions = true } = (await import(process.argv[2]!)) as {
  AppModule: Type;
  usesSessions?: boolean;
};
const sessions = new MemoryStore();
const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
if (usesSessions) app.use(session({ secret: 'bench', resave: false, saveUninitialized: false, store: sessions }));
await app.listen(0, '127.0.0.1');

serveParent(await app.getUrl(), {
  'clear the sessions': () => new Promise<void>((resolve) => sessions.clear(() => resolve())),
});
