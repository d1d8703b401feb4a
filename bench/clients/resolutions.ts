// Resolves the given number of tenants (`node resolutions.js 10000`), and sends the heap that their apps use to the parent process.
import { serveParent } from '../support/serve-parent.js';
import { usedHeap } from '../support/used-heap.js';
import { resolvingRegistry } from './registries.js';

const registry = await resolvingRegistry();
const heapBefore = usedHeap();
for (let index = 0; index < Number(process.argv[2]); index++) await registry.resolve(`tenant-${index}`);
serveParent(usedHeap() - heapBefore);
