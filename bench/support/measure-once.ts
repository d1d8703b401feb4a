import { Child } from './child.js';

/** Runs a module that measures something once, in a new process, and returns its first message. */
export async function measureOnce<Measurement>(module: URL, ...args: string[]): Promise<Measurement> {
  const child = await Child.start<Measurement>(module, ...args);
  await child.stop();
  return child.ready;
}
