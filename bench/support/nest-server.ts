// Serves the Nest app of a module, `node nest-server.js MODULE`; what further arguments there are, the module reads. Sends
// its URL. Empties its session store when asked, and then tells the heap that is left, in bytes.
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import session, { MemoryStore } from 'express-session';

const { AppModule, usesSessions = true } = (await import(process.argv[2]!)) as {
  AppModule: Type;
  usesSessions?: boolean;
};
const sessions = new MemoryStore();
const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
if (usesSessions) app.use(session({ secret: 'bench', resave: false, saveUninitialized: false, store: sessions }));
await app.listen(0, '127.0.0.1');

process.on('message', () => {
  sessions.clear(() => {
    globalThis.gc?.();
    process.send?.(process.memoryUsage().heapUsed);
  });
});
process.send?.(await app.getUrl());
