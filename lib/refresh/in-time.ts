import { clamp, LONGEST_TIMER_MS } from '../common/limits.js';

/**
 * Resolves with the promise's value, or rejects after `seconds`. A late result is ignored.
 * @throws {Error} the error that `tooLate` returns
 */
export async function inTime<T>(promise: Promise<T>, seconds: number, tooLate: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooLate()), clamp(seconds * 1000, 0, LONGEST_TIMER_MS, 0)).unref();
  });
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
