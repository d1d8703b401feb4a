import type { Agent } from 'node:http';
import type { Comparison, Figure, Side } from './figure.js';
import { startNestServer } from './login/servers.js';
import { PROVIDER } from './login/provider.js';
import type { Child } from './support/child.js';
import { keepAliveAgent } from './support/keep-alive-agent.js';
import { repeatConcurrently } from './support/repeat.js';
import { visit } from './support/visit.js';

const CONCURRENCY = 20;

/** Logins started with `@OAuthLogin()` against an equivalent handler without a library. */
export const loginRedirect: Figure = {
  name: 'login-redirect',
  unit: 'requests/s',
  goal: 0.97,
  kind: 'rate',
  open: () => openApps('oauth-login', 'by-hand'),
};

/** Logins started with `@OAuthLogin()` against `@nestjs/passport` with `passport-oauth2`, with state and PKCE. */
export const loginRedirectPassport: Figure = {
  name: 'login-redirect-passport',
  unit: 'requests/s',
  goal: 1.05,
  kind: 'rate',
  open: () => openApps('oauth-login', 'passport'),
};

/** Logins started with `@OAuthLogin()` and `state: 'cookie'`, without a session, against `@nestjs/passport`. */
export const loginRedirectCookie: Figure = {
  name: 'login-redirect-cookie',
  unit: 'requests/s',
  goal: 1.25,
  kind: 'rate',
  open: () => openApps('cookie-login', 'passport'),
};

async function openApps(...names: [ours: string, peer: string]): Promise<Comparison> {
  const [ours, peer] = (await Promise.all(names.map((name) => startNestServer(name)))) as [
    Child<string>,
    Child<string>,
  ];
  const agent = keepAliveAgent(CONCURRENCY);
  return {
    ours: logins(ours, agent),
    peer: logins(peer, agent),
    warmUps: 3,
    async close() {
      agent.destroy();
      await Promise.all([ours.stop(), peer.stop()]);
    },
  };
}

/** Sends every request without cookies, as a new browser. Clears the sessions after the round. */
function logins(app: Child<string>, agent: Agent): Side {
  return {
    run: () => repeatConcurrently(() => beginLogin(`${app.ready}/login`, agent), { concurrency: CONCURRENCY }),
    after: () => app.ask('clear the sessions'),
    processes: [app],
  };
}

export async function beginLogin(url: string, agent: Agent): Promise<void> {
  const { status, location, cookie } = await visit(url, agent);
  if (status !== 302 || !location.startsWith(PROVIDER.authorizeUrl) || !cookie) {
    throw new Error(`${url} did not start a login: status ${status}`);
  }
}
