/** Returns the megabytes of the heap that are in use after a garbage collection. */
export function usedHeap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}
