import { Agent } from 'node:http';
import type { Figure, Pair } from './figure.js';
import { PROVIDER } from './login/provider.js';
import { Child } from './support/child.js';
import { callsPerSecond } from './support/rate.js';
import { inTurn } from './support/rounds.js';
import { visit } from './support/visit.js';

const CONCURRENCY = 20;

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

async function measureAgainst(peer: string): Promise<Pair> {
  const apps = await Promise.all(['oauth-login', peer].map(startApp));
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  try {
    const [ours, theirs] = apps.map((app) => () => loginsPerSecond(app, agent));
    return await inTurn(ours!, theirs!, { warmUps: 4 });
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
