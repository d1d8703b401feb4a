// Serves the Nest app of a module, `node nest-server.js MODULE`; what further arguments there are, the module reads. Sends
// its URL. Empties its session store when asked, or tells the heap that it has in use, in bytes: a collection of the garbage
// throws compiled code away, and so it is no part of the other.
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
