import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A proxy that sends each request to the next process. */
export interface RoundRobin {
  port: number;
  /** The URLs of the processes. The first request is sent to the first URL. */
  targets: string[];
  close(): Promise<void>;
}

/** Starts a proxy. Node's `cluster` would distribute connections instead of requests, and a browser reuses its connections. */
export async function startRoundRobin(port = 0): Promise<RoundRobin> {
  let turn = 0;
  const server = createServer((incoming, answer) => {
    const target = proxy.targets[turn++ % proxy.targets.length];
    if (target === undefined) answer.writeHead(503).end('Starting.\n');
    else pass(incoming, answer, target);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const proxy: RoundRobin = {
    port: (server.address() as AddressInfo).port,
    targets: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

function pass(incoming: IncomingMessage, answer: ServerResponse, target: string): void {
  const { method, url = '/', headers } = incoming;
  const outgoing = request(new URL(url, target), { method, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  outgoing.on('error', () => {
    if (answer.headersSent) answer.destroy();
    else answer.writeHead(502).end('This process does not respond.\n');
  });
  incoming.pipe(outgoing);
}
