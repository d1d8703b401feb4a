import type { Agent } from 'node:http';
import type { Comparison, Figure, Side } from './figure.js';
import { beginLogin } from './login-redirect.js';
import { startNestServer } from './login/servers.js';
import { callsOfUsers } from './scale/user-calls.js';
import type { Child } from './support/child.js';
import { concurrently } from './support/concurrently.js';
import { keepAliveAgent } from './support/keep-alive-agent.js';
import { randomlyFrom } from './support/randomly-from.js';
import { repeatAwaited, repeatConcurrently } from './support/repeat.js';

const CONCURRENCY = 20;
/** The number of requests that warm up a process. */
const WARM_UP = 1_500;
const MANY = { processes: [2, 4], clients: [100, 1_000], tokens: [10, 100, 1_000, 10_000] } as const;
const FEW = { processes: 1, clients: 10, tokens: 1 } as const;

/**
 * How the CPU time of a request grows with the application: the processes, its clients, and its users' tokens. Compares with an
 * application of 1 process, 10 clients and 1 token.
 */
export const scaleFigures: readonly Figure[] = [
  ...MANY.processes.map((count) => figure('processes', count, () => loginsIn({ processes: count }, {}))),
  ...MANY.clients.map((count) =>
    figure('clients', count, () => loginsIn({ clients: count }, { clients: FEW.clients })),
  ),
  ...MANY.tokens.map((count) => figure('tokens', count, () => callsWith(count, FEW.tokens))),
];

function figure(of: keyof typeof MANY, count: number, open: Figure['open']): Figure {
  const unit = `requests/CPU second, against ${FEW[of]}`;
  return { name: `scale-${of}-${count}`, unit, goal: 0.9, kind: 'rate', perCpuSecond: true, open };
}

/** The size of an application. */
interface Size {
  processes?: number;
  clients?: number;
}

/** Logins with a random client in a random process, which all processors share. */
async function loginsIn(...sizes: [ours: Size, peer: Size]): Promise<Comparison> {
  const agent = keepAliveAgent(CONCURRENCY);
  const apps = await Promise.all(sizes.map(startApp));
  for (const [index, { clients = 1 }] of sizes.entries()) {
    for (const { ready } of apps[index]!) await warmUp(ready, clients, agent);
  }
  const [ours, peer] = sizes.map(({ clients = 1 }, index): Side => {
    const processes = apps[index]!;
    const urls = Array.from({ length: clients }, (_, client) =>
      processes.map(({ ready }) => `${ready}/login/provider-${client}`),
    );
    const url = randomlyFrom(urls.flat());
    return {
      run: () => repeatConcurrently(() => beginLogin(url(), agent), { concurrency: CONCURRENCY, milliseconds: 300 }),
      processes,
    };
  });
  return {
    ours: ours!,
    peer: peer!,
    async close() {
      agent.destroy();
      await Promise.all(apps.flat().map((child) => child.stop()));
    },
  };
}

/** Sends as many requests to a process as it needs to compile its code, and uses every client. */
async function warmUp(origin: string, clients: number, agent: Agent): Promise<void> {
  const urls = Array.from({ length: WARM_UP }, (_, index) => `${origin}/login/provider-${index % clients}`);
  await concurrently(urls, (each) => beginLogin(each, agent), CONCURRENCY);
}

function startApp({ processes = 1, clients = 1 }: Size): Promise<Child<string>[]> {
  return Promise.all(Array.from({ length: processes }, () => startNestServer('many-providers', String(clients))));
}

/** API calls of random users whose tokens are in a store, one after the other: concurrent calls of one user would share a read. */
async function callsWith(...tokens: [ours: number, peer: number]): Promise<Comparison> {
  const [ours, peer] = await Promise.all(tokens.map(callsOfUsers));
  return {
    ours: { run: () => repeatAwaited(ours!.call) },
    peer: { run: () => repeatAwaited(peer!.call) },
    async close() {
      await Promise.all([ours!.close(), peer!.close()]);
    },
  };
}
