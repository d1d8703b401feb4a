// Starts an app with as many clients as asked for (`node start-up.js 10000`), once, and sends what that cost.
import { NestFactory } from '@nestjs/core';
import { OAuthClientModule } from 'nestjs-oauth-client';
import { manyClients } from './client-settings.js';

/** What one start-up costs. */
export interface StartUp {
  milliseconds: number;
  /** Heap that it keeps, beyond the settings that it was given. */
  megabytes: number;
}

const clients = manyClients(Number(process.argv[2]));

const heapBefore = usedHeap();
const start = performance.now();
const app = await NestFactory.createApplicationContext(OAuthClientModule.forRoot({ clients }), {
  logger: ['error', 'warn'],
});
const milliseconds = performance.now() - start;
const megabytes = (usedHeap() - heapBefore) / 1024 ** 2;

process.send?.({ milliseconds, megabytes } satisfies StartUp);
await app.close();
process.disconnect();

function usedHeap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
