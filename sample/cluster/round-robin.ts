import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A proxy before several processes, which gives each request to the next of them. */
export interface RoundRobin {
  port: number;
  /** Where they are; the first request goes to the first. */
  targets: string[];
  close(): Promise<void>;
}

/** Node's own `cluster` would give them connections, of which a browser keeps one for many requests. */
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
    else answer.writeHead(502).end('This process is gone.\n');
  });
  incoming.pipe(outgoing);
}
