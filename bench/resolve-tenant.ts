import type { Figure } from './figure.js';
import { Child } from './support/child.js';
import { awaitedPerSecond } from './support/rate.js';
import { inTurn } from './support/rounds.js';
import { configuredRegistry, resolvingRegistry } from './tenants/tenant-registry.js';

/** The size of the cache of resolved clients. */
const CACHED = 1_000;
const MANY = 10_000;
/** The number of random names that the lookups cycle through. */
const LOOKUPS = 1 << 14;

/** Lookups of cached tenants with `await registry.resolve(name)` against `await registry.get(name)` for configured clients. */
export const resolveTenant: Figure = {
  name: 'resolve-tenant',
  unit: 'lookups/s',
  goal: 0.9,
  kind: 'rate',
  async measure() {
    const resolving = await resolvingRegistry();
    const configured = await configuredRegistry(CACHED);
    const { names } = configured;
    for (const name of names) {
      configured.get(name);
      await resolving.resolve(name);
    }
    const lookups = Array.from({ length: LOOKUPS }, () => names[Math.floor(Math.random() * CACHED)]!);
    let next = 0;
    const name = (): string => lookups[next++ & (LOOKUPS - 1)]!;
    return inTurn(
      () => awaitedPerSecond(() => resolving.resolve(name())),
      () => awaitedPerSecond(() => configured.get(name())),
    );
  },
};

/** How much more heap a process uses after 10,000 tenants than after the 1,000 that its cache keeps. */
export const resolveTenantMemory: Figure = {
  name: 'resolve-tenant-memory',
  unit: 'MB of heap',
  goal: 2,
  kind: 'cost',
  measure() {
    const module = new URL('./tenants/resolutions.js', import.meta.url);
    const sample = async (tenants: number): Promise<number> => {
      const { ready } = await Child.start<number>(module, String(tenants));
      return ready;
    };
    return inTurn(
      () => sample(MANY),
      () => sample(CACHED),
      { rounds: 5, warmUps: 0 },
    );
  },
};
