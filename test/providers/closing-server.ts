import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { listenWith } from './listen.js';

/** A request that the server has read completely. */
interface Arrival {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  /** Whether an earlier request used the same connection. */
  isReused: boolean;
  /** Whether the server responded. Otherwise it closed the connection. */
  isAnswered: boolean;
}

/** A server that keeps connections alive, and closes some of them instead of responding. */
export interface ClosingServer {
  url: string;
  arrivals: Arrival[];
  /** Closes every idle connection. */
  closeIdle(): void;
  close(): Promise<void>;
}

/**
 * Starts a server that resets the connection of a request for which `refuses` returns true, without a response. By
 * default, it resets every connection at its second request.
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
  server.keepAliveTimeout = 0; // otherwise Node's keep-alive header would let the client close first
  const { port, close } = await listenWith(server);
  return { url: `http://127.0.0.1:${port}`, arrivals, closeIdle: () => server.closeIdleConnections(), close };
}
