import { NestFactory } from '@nestjs/core';
import { OAuthClientModule, OAuthRegistry } from 'nestjs-oauth-client';
import { manyClients } from './clients/client-settings.js';
import { presetClients } from './clients/preset-clients.js';
import type { StartUp } from './clients/start-up.js';
import type { Figure } from './figure.js';
import { Child } from './support/child.js';
import { operationsPerSecond } from './support/rate.js';
import { inTurn } from './support/rounds.js';

const MANY = 10_000;
const FEW = 10;
/** The number of random names that the lookups cycle through. */
const LOOKUPS = 1 << 14;

/** How much longer an app with 10,000 clients takes to start than an app with 10 clients, each in a new process. */
export const start10k: Figure = {
  name: 'start-10k',
  unit: 'ms',
  goal: 50,
  kind: 'cost',
  measure: () => startUps('milliseconds'),
};

/** How much more heap an app with 10,000 clients uses than an app with 10 clients, without their settings. */
export const start10kMemory: Figure = {
  name: 'start-10k-memory',
  unit: 'MB of heap',
  goal: 10,
  kind: 'cost',
  measure: () => startUps('megabytes'),
};

/** How much longer an app with 500 presets takes to start than an app without clients, each in a new process. */
export const start500Presets: Figure = {
  name: 'start-500-presets',
  unit: 'ms',
  goal: 10,
  kind: 'cost',
  async measure() {
    const clients = JSON.stringify(presetClients(500));
    return inTurn(
      () => startUp(clients, 'milliseconds'),
      () => startUp('{}', 'milliseconds'),
      { rounds: 7, warmUps: 1 },
    );
  },
};

/**
 * Lookups of random known names among 10,000 clients against lookups among 10 clients. Every client was used before. The ratio
 * depends on the processor's caches: a `Map` without this library has the same ratio.
 */
export const lookup10k: Figure = {
  name: 'lookup-10k',
  unit: 'lookups/s',
  goal: 0.9,
  kind: 'rate',
  async measure() {
    const many = await randomLookup(MANY);
    const few = await randomLookup(FEW);
    return inTurn(
      () => operationsPerSecond(many, { batch: LOOKUPS }),
      () => operationsPerSecond(few, { batch: LOOKUPS }),
    );
  },
};

function startUps(cost: keyof StartUp): ReturnType<Figure['measure']> {
  return inTurn(
    () => startUp(String(MANY), cost),
    () => startUp(String(FEW), cost),
    { rounds: 7, warmUps: 1 },
  );
}

async function startUp(clients: string, cost: keyof StartUp): Promise<number> {
  const module = new URL('./clients/start-up.js', import.meta.url);
  const { ready } = await Child.start<StartUp>(module, clients);
  return ready[cost];
}

async function randomLookup(count: number): Promise<() => unknown> {
  const module = OAuthClientModule.forRoot({ clients: manyClients(count) });
  const app = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
  const registry = app.get(OAuthRegistry);
  const { names } = registry;
  for (const name of names) registry.get(name);
  const lookups = Array.from({ length: LOOKUPS }, () => names[Math.floor(Math.random() * count)]!);
  let next = 0;
  return () => registry.get(lookups[next++ & (LOOKUPS - 1)]!);
}
