import type { Figure, Side } from './figure.js';
import type { LoginRun } from './memory/logins.js';
import { Child } from './support/child.js';

const LOGINS = 100_000;
const LOGINS_PER_ROUND = 10_000;
/** More than the number of used logins that a process remembers. */
const WARM_UP = 12_000;

/** The heap after 100,000 logins were begun and finished, against the heap before. */
export const memoryLogin: Figure = {
  name: 'memory-login',
  unit: 'MB of heap',
  goal: 1,
  kind: 'cost',
  async open() {
    const app = await startLogins('oauth-client');
    const before = await run(app, WARM_UP);
    return {
      ours: { run: async () => (await run(app, LOGINS)).megabytes, processes: [app] },
      peer: { run: () => before.megabytes },
      rounds: 1,
      warmUps: 0,
      close: () => app.stop(),
    };
  },
};

/** The share of the CPU time that garbage collections take, against the same logins written by hand. */
export const memoryLoginGc: Figure = {
  name: 'memory-login-gc',
  unit: '% of CPU time',
  goal: 3,
  kind: 'cost',
  async open() {
    const [ours, peer] = await Promise.all([startLogins('oauth-client'), startLogins('by-hand')]);
    return {
      ours: garbageOf(ours),
      peer: garbageOf(peer),
      close: () => Promise.all([ours.stop(), peer.stop()]),
    };
  },
};

function garbageOf(app: Child): Side {
  return { run: async () => (await run(app, LOGINS_PER_ROUND)).garbagePercent, processes: [app] };
}

function startLogins(name: string): Promise<Child> {
  const module = new URL(`./memory/${name}.app.js`, import.meta.url);
  return Child.start(new URL('./memory/logins.js', import.meta.url), module.href);
}

async function run(app: Child, logins: number): Promise<LoginRun> {
  return (await app.ask('run logins', logins)) as LoginRun;
}
