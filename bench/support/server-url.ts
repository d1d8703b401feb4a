import { once } from 'node:events';
import { connect } from 'node:net';

/** The variables with the URLs of servers that figures require. */
export type ServerVariable = 'REDIS_URL' | 'DATABASE_URL';

const PORTS: Record<ServerVariable, number> = { REDIS_URL: 6379, DATABASE_URL: 5432 };
const CONNECT_TIMEOUT_MS = 2000;

/** Returns the URL of a server. Throws an `Error` if the variable is not set. */
export function serverUrl(variable: ServerVariable): string {
  const url = process.env[variable];
  if (!url) throw new Error(`${variable} is not set: set it to the URL of the server`);
  return url;
}

/** Returns why a server cannot be used, or `undefined` if it accepts connections. */
export async function whyUnreachable(variable: ServerVariable): Promise<string | undefined> {
  const url = process.env[variable];
  if (!url) return `${variable} is not set`;
  if (!URL.canParse(url)) return `${variable} is not a URL`;
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, ''); // of an IPv6 address
  const socket = connect({ host, port: Number(port) || PORTS[variable] });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
    return undefined;
  } catch (error) {
    const { code = 'no answer' } = error as NodeJS.ErrnoException;
    return `the server of ${variable} does not answer (${code})`;
  } finally {
    socket.destroy();
  }
}
