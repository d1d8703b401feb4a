/** The callback that a session calls when a method is done. */
export type Done = (error?: Error | null) => void;

/**
 * Waits for a method of a session that calls back (`express-session`), or returns a promise instead (`iron-session`).
 * @throws whatever the method reports or throws
 */
export async function finished(call: (done: Done) => unknown): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const done: Done = (error) => (error ? reject(error) : resolve());
    const result = call(done);
    if (isPromise(result)) result.then(() => resolve(), reject);
  });
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function';
}
