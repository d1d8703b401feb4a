import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on the loopback interface. */
export interface Listening {
  port: number;
  /** Stops listening, and closes all connections. */
  close(): Promise<void>;
}

/** Starts a server on the loopback interface. Port 0 selects a free port. */
export function listen(listener: RequestListener, port = 0): Promise<Listening> {
  return listenWith(createServer(listener), port);
}

/** Starts an existing server on the loopback interface. */
export async function listenWith(server: Server, port = 0): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ port, host: '127.0.0.1', backlog: 4096 }, resolve); // for many connections at once
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
