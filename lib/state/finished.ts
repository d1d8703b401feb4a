import { fieldsOf } from '../common/fields-of.js';

/** The callback of a session's method. */
export type Done = (error?: Error | null) => void;

/**
 * Waits for a method of a session that calls a callback (`express-session`) or returns a promise (`iron-session`).
 * @throws the error of the method
 */
export async function finished(call: (done: Done) => unknown): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const done: Done = (error) => (error ? reject(error) : resolve());
    const result = call(done);
    if (isPromise(result)) result.then(() => resolve(), reject);
  });
}

/** Returns whether a value is a promise of any implementation. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof fieldsOf(value).then === 'function';
}
