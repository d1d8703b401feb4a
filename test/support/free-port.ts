import { listen } from '../providers/listen.js';

/** Returns a free port, for a server that cannot choose one. */
export async function freePort(): Promise<number> {
  const { port, close } = await listen(() => undefined);
  await close();
  return port;
}
