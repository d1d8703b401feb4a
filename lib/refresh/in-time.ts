/**
 * What a promise brings, if it does so in time; what it brings later is nobody's.
 * @param seconds how long is waited for it
 * @throws {Error} the one that is made, when time is up
 */
export async function inTime<T>(promise: Promise<T>, seconds: number, tooLate: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooLate()), seconds * 1000).unref();
  });
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
