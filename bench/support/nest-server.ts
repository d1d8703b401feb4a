// Serves the Nest app of a module, `node nest-server.js MODULE`; what further arguments there are, the module reads. Sends
// its URL, and empties its session store when asked.
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import session, { MemoryStore } from 'express-session';

const { AppModule } = (await import(process.argv[2]!)) as { AppModule: Type };
const sessions = new MemoryStore();
const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.use(session({ secret: 'bench', resave: false, saveUninitialized: false, store: sessions }));
await app.listen(0, '127.0.0.1');

process.on('message', () => {
  sessions.clear(() => process.send?.('cleared'));
});
process.send?.(await app.getUrl());
