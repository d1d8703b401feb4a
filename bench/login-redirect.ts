import { Agent } from 'node:http';
import type { Figure, Pair } from './figure.js';
import { PROVIDER } from './login/provider.js';
import { Child } from './support/child.js';
import { concurrently } from './support/concurrently.js';
import { callsPerSecond } from './support/rate.js';
import { inTurn } from './support/rounds.js';
import { visit } from './support/visit.js';

const CONCURRENCY = 20;
const MANY = 100_000;

/** Logins begun with `@OAuthLogin()` against a handler that does the same by hand. */
export const loginRedirect: Figure = {
  name: 'login-redirect',
  unit: 'requests/s',
  goal: 0.95,
  kind: 'rate',
  measure: () => measureAgainst('by-hand'),
};

/** The same against `@nestjs/passport` with `passport-oauth2`, its state and its PKCE. */
export const loginRedirectPassport: Figure = {
  name: 'login-redirect-passport',
  unit: 'requests/s',
  goal: 1,
  kind: 'rate',
  measure: () => measureAgainst('passport'),
};

/** Logins that wait in a cookie of their own, without any session, against the same. */
export const loginRedirectCookie: Figure = {
  name: 'login-redirect-cookie',
  unit: 'requests/s',
  goal: 1.1,
  kind: 'rate',
  measure: () => measureAgainst('passport', 'cookie-login'),
};

/** What 100,000 logins that wait in cookies take of the heap, against none. */
export const pending100kMemory: Figure = {
  name: 'pending-100k-memory',
  unit: 'MB of heap',
  goal: 1,
  kind: 'cost',
  async measure() {
    const app = await startApp('cookie-login');
    const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
    const begin = (count: number): Promise<unknown> =>
      concurrently(Array.from({ length: count }), () => beginLogin(`${app.ready}/login`, agent), CONCURRENCY);
    const heap = async (): Promise<number> => Number(await app.ask('how large is the heap')) / 1e6;
    try {
      await begin(10_000);
      const peer = await heap();
      await begin(MANY);
      return { ours: await heap(), peer };
    } finally {
      agent.destroy();
      await app.stop();
    }
  },
};

async function measureAgainst(peer: string, ours = 'oauth-login'): Promise<Pair> {
  const apps = await Promise.all([ours, peer].map(startApp));
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  try {
    const [own, theirs] = apps.map((app) => () => loginsPerSecond(app, agent));
    return await inTurn(own!, theirs!, { warmUps: 4 });
  } finally {
    agent.destroy();
    await Promise.all(apps.map((app) => app.stop()));
  }
}

function startApp(name: string): Promise<Child<string>> {
  const module = new URL(`./login/${name}.app.js`, import.meta.url);
  return Child.start<string>(new URL('./support/nest-server.js', import.meta.url), module.href);
}

/** Every request is a browser that was never here before. The sessions go before the next round. */
async function loginsPerSecond(app: Child<string>, agent: Agent): Promise<number> {
  const rate = await callsPerSecond(() => beginLogin(`${app.ready}/login`, agent), { concurrency: CONCURRENCY });
  await app.ask('clear the sessions');
  return rate;
}

async function beginLogin(url: string, agent: Agent): Promise<void> {
  const { status, location, cookie } = await visit(url, agent);
  if (status !== 302 || !location.startsWith(PROVIDER.authorizeUrl) || !cookie) {
    throw new Error(`${url} did not begin a login: status ${status}`);
  }
}
