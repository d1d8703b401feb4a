import { listen } from '../providers/listen.js';

/** A port that nobody listens on, for a server that cannot choose one by itself. */
export async function freePort(): Promise<number> {
  const { port, close } = await listen(() => undefined);
  await close();
  return port;
}
