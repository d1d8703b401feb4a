// Starts an app with clients, and sends the cost to the parent process: a number of clients (`node start-up.js 10000`), or those in
// JSON (`node start-up.js '{ "github": {} }'`).
import { NestFactory } from '@nestjs/core';
import 'axios'; // which takes as long for few clients, and not always the same time
import { OAuthClientModule } from 'nestjs-oauth-client';
import type { ClientSettings } from 'nestjs-oauth-client/protocol';
import { profileInto, startProfile, stopProfile } from '../support/profiler.js';
import { serveParent } from '../support/serve-parent.js';
import { usedHeap } from '../support/used-heap.js';
import { manyClients } from './client-settings.js';

/** The cost of one start-up. */
export interface StartUp {
  milliseconds: number;
  /** The heap that the app uses after start-up, without its settings. */
  megabytes: number;
}

const [, , given = '0'] = process.argv;
const clients = given.startsWith('{')
  ? (JSON.parse(given) as Record<string, ClientSettings>)
  : manyClients(Number(given));

const heapBefore = usedHeap();
const profile = profileInto();
if (profile !== undefined) startProfile();
const start = performance.now();
const app = await NestFactory.createApplicationContext(OAuthClientModule.forRoot({ clients }), {
  logger: ['error', 'warn'],
});
const milliseconds = performance.now() - start;
if (profile !== undefined) stopProfile(profile);
const megabytes = usedHeap() - heapBefore;

await app.close();
serveParent({ milliseconds, megabytes } satisfies StartUp);
