import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of this machine alone. */
export interface Listening {
  port: number;
  /** Stops listening, and cuts what is still open. */
  close(): Promise<void>;
}

/** Listens on the loopback interface; at port 0, on any that is free. */
export function listen(listener: RequestListener, port = 0): Promise<Listening> {
  return listenWith(createServer(listener), port);
}

/** The same, with a server that was made already. */
export async function listenWith(server: Server, port = 0): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ port, host: '127.0.0.1', backlog: 4096 }, resolve); // a storm comes all at once
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
