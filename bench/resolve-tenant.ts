import { configuredRegistry, resolvingRegistry } from './clients/registries.js';
import type { Figure, Side } from './figure.js';
import { measureOnce } from './support/measure-once.js';
import { randomlyFrom } from './support/randomly-from.js';
import { repeatAwaited } from './support/repeat.js';

/** The size of the cache of resolved clients. */
const CACHED = 1_000;
const MANY = 10_000;

/** Lookups of cached tenants with `await registry.resolve(name)` against `await registry.get(name)` for configured clients. */
export const resolveTenant: Figure = {
  name: 'resolve-tenant',
  unit: 'lookups/s',
  goal: 0.9,
  kind: 'rate',
  async open() {
    const resolving = await resolvingRegistry();
    const configured = await configuredRegistry(CACHED);
    const { names } = configured;
    for (const name of names) {
      configured.get(name);
      await resolving.resolve(name);
    }
    const name = randomlyFrom(names);
    return {
      ours: { run: () => repeatAwaited(() => resolving.resolve(name())) },
      peer: { run: () => repeatAwaited(() => configured.get(name())) },
    };
  },
};

/** How much more heap a process uses after 10,000 tenants than after the 1,000 that its cache keeps. */
export const resolveTenantMemory: Figure = {
  name: 'resolve-tenant-memory',
  unit: 'MB of heap',
  goal: 2,
  kind: 'cost',
  open() {
    const module = new URL('./clients/resolutions.js', import.meta.url);
    const side = (tenants: number): Side => ({ run: () => measureOnce<number>(module, String(tenants)) });
    return Promise.resolve({ ours: side(MANY), peer: side(CACHED), rounds: 1, warmUps: 0 });
  },
};
