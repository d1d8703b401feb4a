import { request } from 'node:http';
import { listen } from '../providers/listen.js';

/** A proxy before several apps that gives each request to the next of them. */
export interface RoundRobin {
  url: string;
  /** Where they are; the first request goes to the first. */
  targets: string[];
  close(): Promise<void>;
}

export async function startRoundRobin(): Promise<RoundRobin> {
  let turn = 0;
  const proxy: RoundRobin = { url: '', targets: [], close: async () => {} };
  const { port, close } = await listen((incoming, answer) => {
    const { method, url = '/', headers } = incoming;
    const target = proxy.targets[turn++ % proxy.targets.length];
    const outgoing = request(new URL(url, target), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    incoming.pipe(outgoing);
  });
  return Object.assign(proxy, { url: `http://127.0.0.1:${port}`, close });
}
