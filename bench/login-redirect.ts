import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import type { Figure, Pair } from './figure.js';
import { PROVIDER } from './login/provider.js';
import { Child } from './support/child.js';
import { callsPerSecond } from './support/rate.js';
import { inTurn } from './support/rounds.js';

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
  const server = new URL('./login/server.js', import.meta.url);
  const apps = await Promise.all(['oauth-login', peer].map((name) => Child.start<string>(server, name)));
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  try {
    const [ours, theirs] = apps.map((app) => () => loginsPerSecond(app, agent));
    return await inTurn(ours!, theirs!, { warmUps: 4 });
  } finally {
    agent.destroy();
    await Promise.all(apps.map((app) => app.stop()));
  }
}

/** Every request is a browser that was never here before. The sessions go before the next round. */
async function loginsPerSecond(app: Child<string>, agent: Agent): Promise<number> {
  const rate = await callsPerSecond(() => beginLogin(app.ready, agent), { concurrency: CONCURRENCY });
  await app.ask('clear the sessions');
  return rate;
}

async function beginLogin(url: string, agent: Agent): Promise<void> {
  const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
  const { statusCode, headers } = response;
  response.resume();
  await once(response, 'end');
  if (statusCode !== 302 || !headers.location?.startsWith(PROVIDER.authorizeUrl) || !headers['set-cookie']) {
    throw new Error(`${url} did not begin a login: status ${statusCode}`);
  }
}
