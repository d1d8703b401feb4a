import type { Agent } from 'node:http';
import { CLAIMS } from './callback/client.js';
import type { Comparison, Figure, Side } from './figure.js';
import { Child } from './support/child.js';
import { concurrently } from './support/concurrently.js';
import { keepAliveAgent } from './support/keep-alive-agent.js';
import { visit } from './support/visit.js';

const CONCURRENCY = 20;
/** Callbacks per round. Each callback completes a different login, which was started before the round. */
const CALLBACKS = 200;

/** OpenID Connect callbacks with `@OAuthCallback()` against an equivalent handler with `openid-client`. */
export const callbackOidc: Figure = { name: 'callback-oidc', unit: 'requests/s', goal: 1.05, kind: 'rate', open };

/** The callback request of a browser that returns from the provider. */
interface Return {
  url: string;
  cookie: string;
}

async function open(): Promise<Comparison> {
  const provider = await Child.start<string>(new URL('./callback/provider.js', import.meta.url));
  const names = ['oauth-callback', 'openid-client'];
  const apps = await Promise.all(names.map((name) => startApp(name, provider.ready)));
  const agent = keepAliveAgent(CONCURRENCY);
  const [ours, peer] = apps.map((app) => callbacks(app, agent));
  return {
    ours: ours!,
    peer: peer!,
    warmUps: 5,
    async close() {
      agent.destroy();
      await Promise.all([...apps, provider].map((child) => child.stop()));
    },
  };
}

function startApp(name: string, issuer: string): Promise<Child<string>> {
  const module = new URL(`./callback/${name}.app.js`, import.meta.url);
  return Child.start<string>(new URL('./support/nest-server.js', import.meta.url), module.href, issuer);
}

/** Measures only the callbacks: their logins are started before the round. Clears the sessions after the round. */
function callbacks(app: Child<string>, agent: Agent): Side {
  const logins = Array.from({ length: CALLBACKS }, () => `${app.ready}/login`);
  let returns: Return[] = [];
  return {
    async before() {
      returns = await concurrently(logins, (url) => login(url, agent), CONCURRENCY);
    },
    async run() {
      await concurrently(returns, (browser) => finish(browser, agent), CONCURRENCY);
      return CALLBACKS;
    },
    after: () => app.ask('clear the sessions'),
    processes: [app],
  };
}

/** Starts a login and follows it to the provider's redirect. Replaces the origin of the redirect URI with that of the app. */
async function login(url: string, agent: Agent): Promise<Return> {
  const { location, cookie } = await visit(url, agent);
  const { pathname, search } = new URL((await visit(location, agent)).location);
  return { url: new URL(pathname + search, url).href, cookie };
}

/** Sends the callback, and checks that the response contains the claims. */
async function finish({ url, cookie }: Return, agent: Agent): Promise<void> {
  const { status, body } = await visit(url, agent, cookie);
  const claims = status === 200 ? Object.keys(JSON.parse(body) as object) : [];
  if (claims.join() !== CLAIMS.join()) throw new Error(`the login was not finished: status ${status}, ${body}`);
}
