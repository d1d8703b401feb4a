import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { listenWith } from './listen.js';

/** A request that a server has read to its end. */
interface Arrival {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  /** Whether its connection had carried another request before. */
  isReused: boolean;
  /** Whether it was answered; the connection of any other was closed. */
  isAnswered: boolean;
}

/** A server that keeps connections open, and closes them at the wrong moment. */
export interface ClosingServer {
  url: string;
  arrivals: Arrival[];
  /** Closes every connection that carries no request now. */
  closeIdle(): void;
  close(): Promise<void>;
}

/**
 * Starts a server that resets a connection as soon as a request arrives that `refuses` says so of, without an answer; by
 * default, every second request of a connection.
 */
export async function startClosingServer(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
  refuses: (arrival: Pick<Arrival, 'method' | 'path' | 'isReused'>) => boolean = ({ isReused }) => isReused,
): Promise<ClosingServer> {
  const arrivals: Arrival[] = [];
  const used = new WeakSet<Socket>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers, socket } = request;
      const arrival = { method, path: url.replace(/\?.*/, ''), headers, isReused: used.has(socket) };
      used.add(socket);
      const isAnswered = !refuses(arrival);
      arrivals.push({ ...arrival, isAnswered });
      if (isAnswered) answer(request, response, Buffer.concat(chunks).toString());
      else socket.resetAndDestroy();
    });
  });
  server.keepAliveTimeout = 0; // Node's hint would let the client close first
  const { port, close } = await listenWith(server);
  return { url: `http://127.0.0.1:${port}`, arrivals, closeIdle: () => server.closeIdleConnections(), close };
}
