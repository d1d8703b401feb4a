import type { Side } from '../figure.js';

/** Runs an operation again and again for `milliseconds`. Returns the number of operations. */
export function repeat(operation: () => unknown, { milliseconds = 200, batch = 200 } = {}): number {
  const end = performance.now() + milliseconds;
  let count = 0;
  do {
    for (let i = 0; i < batch; i++) operation();
    count += batch;
  } while (performance.now() < end);
  return count;
}

/** Like {@link repeat}, but awaits each operation, also if it does not return a promise. */
export async function repeatAwaited(
  operation: () => unknown,
  { milliseconds = 200, batch = 200 } = {},
): Promise<number> {
  const end = performance.now() + milliseconds;
  let count = 0;
  do {
    for (let i = 0; i < batch; i++) await operation();
    count += batch;
  } while (performance.now() < end);
  return count;
}

/** Returns a side of a comparison that makes `concurrency` calls at a time. */
export function concurrentCalls(call: () => Promise<unknown>, concurrency: number): Side {
  return { run: () => repeatConcurrently(call, { concurrency }) };
}

/** Makes `concurrency` calls at a time for `milliseconds`. Returns the number of calls. */
export async function repeatConcurrently(
  call: () => Promise<unknown>,
  { milliseconds = 500, concurrency = 50 } = {},
): Promise<number> {
  const end = performance.now() + milliseconds;
  let count = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      await call();
      count++;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return count;
}
