import { configuredRegistry } from './clients/registries.js';
import { presetClients } from './clients/preset-clients.js';
import type { StartUp } from './clients/start-up.js';
import type { Comparison, Figure, Side } from './figure.js';
import { measureOnce } from './support/measure-once.js';
import { randomlyFrom } from './support/randomly-from.js';
import { repeat } from './support/repeat.js';

const MANY = 10_000;
const FEW = 10;

/** How much longer an app with 10,000 clients takes to start than an app with 10 clients, each in a new process. */
export const start10k: Figure = {
  name: 'start-10k',
  unit: 'ms',
  goal: 50,
  kind: 'cost',
  open: () => startUps('milliseconds', String(MANY), String(FEW)),
};

/** How much more heap an app with 10,000 clients uses than an app with 10 clients, without their settings. */
export const start10kMemory: Figure = {
  name: 'start-10k-memory',
  unit: 'MB of heap',
  goal: 10,
  kind: 'cost',
  // the heap hardly differs between rounds
  open: async () => ({ ...(await startUps('megabytes', String(MANY), String(FEW))), rounds: 1 }),
};

/** How much longer an app with 500 presets takes to start than an app without clients, each in a new process. */
export const start500Presets: Figure = {
  name: 'start-500-presets',
  unit: 'ms',
  goal: 10,
  kind: 'cost',
  open: () => startUps('milliseconds', JSON.stringify(presetClients(500)), '{}'),
};

/** Lookups of random known names among 10,000 clients, each used before, against a `Map` with the same keys. */
export const lookup10k: Figure = {
  name: 'lookup-10k',
  unit: 'lookups/s',
  goal: 0.9,
  kind: 'rate',
  async open() {
    const registry = await configuredRegistry(MANY);
    const { names } = registry;
    const map = new Map(names.map((name) => [name, registry.get(name)]));
    const name = randomlyFrom(names);
    return {
      ours: { run: () => repeat(() => use(registry.get(name()))) },
      peer: { run: () => repeat(() => use(map.get(name()))) },
    };
  },
};

/** Uses the result of a lookup. The compiler removes a lookup whose result is unused. */
function use(found: unknown): void {
  if (found === undefined) throw new Error('found no client');
}

function startUps(cost: keyof StartUp, ours: string, peer: string): Promise<Comparison> {
  const module = new URL('./clients/start-up.js', import.meta.url);
  const side = (clients: string): Side => ({ run: async () => (await measureOnce<StartUp>(module, clients))[cost] });
  return Promise.resolve({ ours: side(ours), peer: side(peer), warmUps: 0 });
}
