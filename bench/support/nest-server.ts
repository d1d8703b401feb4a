// Serves the Nest app of a module: `node nest-server.js MODULE`. The module reads further arguments. Sends the URL to the parent
// process. On a message, sends the used heap in bytes, or clears the session store. The two are separate, because a garbage
// collection also discards compiled code.
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

process.on('message', (question) => {
  if (question === 'how large is the heap') {
    globalThis.gc?.();
    process.send?.(process.memoryUsage().heapUsed);
  } else {
    sessions.clear(() => process.send?.('cleared'));
  }
});
process.send?.(await app.getUrl());
