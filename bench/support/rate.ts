/** Returns how many operations run per second. Runs them back to back for `duration` milliseconds. */
export function operationsPerSecond(operation: () => unknown, { duration = 200, batch = 200 } = {}): number {
  const start = performance.now();
  const end = start + duration;
  let count = 0;
  let now = start;
  while (now < end) {
    for (let i = 0; i < batch; i++) operation();
    count += batch;
    now = performance.now();
  }
  return (count * 1000) / (now - start);
}

/** Returns how many operations finish per second. Awaits the result of each one, also if it is not a promise. */
export async function awaitedPerSecond(
  operation: () => unknown,
  { duration = 200, batch = 200 } = {},
): Promise<number> {
  const start = performance.now();
  const end = start + duration;
  let count = 0;
  let now = start;
  while (now < end) {
    for (let i = 0; i < batch; i++) await operation();
    count += batch;
    now = performance.now();
  }
  return (count * 1000) / (now - start);
}

/** Returns how many calls finish per second. Makes `concurrency` calls at a time for `duration` milliseconds. */
export async function callsPerSecond(
  call: () => Promise<unknown>,
  { duration = 500, concurrency = 50 } = {},
): Promise<number> {
  const start = performance.now();
  const end = start + duration;
  let count = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      await call();
      count++;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return (count * 1000) / (performance.now() - start);
}
