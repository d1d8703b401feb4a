// Resolves the given number of tenants (`node resolutions.js 10000`), and sends the heap that their apps use to the parent process.
import { resolvingRegistry } from './tenant-registry.js';

const registry = await resolvingRegistry();
const heapBefore = usedHeap();
for (let index = 0; index < Number(process.argv[2]); index++) await registry.resolve(`tenant-${index}`);
const megabytes = (usedHeap() - heapBefore) / 1024 ** 2;

process.send?.(megabytes);
process.disconnect();

function usedHeap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
