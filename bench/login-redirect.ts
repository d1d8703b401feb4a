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

/** Logins started with `@OAuthLogin()` against an equivalent handler without a library. */
export const loginRedirect: Figure = {
  name: 'login-redirect',
  unit: 'requests/s',
  goal: 0.95,
  kind: 'rate',
  measure: () => measureAgainst('by-hand'),
};

/** Logins started with `@OAuthLogin()` against `@nestjs/passport` with `passport-oauth2`, with state and PKCE. */
export const loginRedirectPassport: Figure = {
  name: 'login-redirect-passport',
  unit: 'requests/s',
  goal: 1,
  kind: 'rate',
  measure: () => measureAgainst('passport'),
};

/** Logins started with `@OAuthLogin()` and `state: 'cookie'`, without a session, against `@nestjs/passport`. */
export const loginRedirectCookie: Figure = {
  name: 'login-redirect-cookie',
  unit: 'requests/s',
  goal: 1.1,
  kind: 'rate',
  measure: () => measureAgainst('passport', 'cookie-login'),
};

/** The heap of an app with 100,000 pending logins in cookies, against the heap before these logins. */
export const pending100kMemory: Figure = {
  name: 'pending-100k-memory',
  unit: 'MB of heap',
  goal: 1,
  kind: 'cost',
  async measure() {
    const app = await startApp('cookie-login');
    const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
    const startLogins = (count: number): Promise<unknown> =>
      concurrently(Array.from({ length: count }), () => beginLogin(`${app.ready}/login`, agent), CONCURRENCY);
    const heap = async (): Promise<number> => Number(await app.ask('how large is the heap')) / 1e6;
    try {
      await startLogins(10_000);
      const peer = await heap();
      await startLogins(MANY);
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
    const [oursPerSecond, peerPerSecond] = apps.map((app) => () => loginsPerSecond(app, agent));
    return await inTurn(oursPerSecond!, peerPerSecond!, { warmUps: 4 });
  } finally {
    agent.destroy();
    await Promise.all(apps.map((app) => app.stop()));
  }
}

function startApp(name: string): Promise<Child<string>> {
  const module = new URL(`./login/${name}.app.js`, import.meta.url);
  return Child.start<string>(new URL('./support/nest-server.js', import.meta.url), module.href);
}

/** Sends every request without cookies, as a new browser. Clears the sessions after the round. */
async function loginsPerSecond(app: Child<string>, agent: Agent): Promise<number> {
  const rate = await callsPerSecond(() => beginLogin(`${app.ready}/login`, agent), { concurrency: CONCURRENCY });
  await app.ask('clear the sessions');
  return rate;
}

async function beginLogin(url: string, agent: Agent): Promise<void> {
  const { status, location, cookie } = await visit(url, agent);
  if (status !== 302 || !location.startsWith(PROVIDER.authorizeUrl) || !cookie) {
    throw new Error(`${url} did not start a login: status ${status}`);
  }
}
