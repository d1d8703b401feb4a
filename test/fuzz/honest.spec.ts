import './production.js';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { beginLogin, callbackRequest } from './browser-login.js';
import { HONEST } from './callbacks.js';
import { CapturedLog } from './captured-log.js';
import { CLIENT_KINDS, clientOf } from './clients.js';
import { startHostileProvider, type HostileProvider } from './hostile-provider.js';
import { sendRaw } from './raw-request.js';
import { scenarioContext, SCENARIOS } from './scenarios.js';
import { startSites, type Site } from './site.js';

let provider: HostileProvider;
let sites: Site[];
let closeSites: () => Promise<void>;

beforeAll(async () => {
  provider = await startHostileProvider();
  ({ sites, close: closeSites } = await startSites(provider.issuer(HONEST), new CapturedLog()));
});

afterAll(async () => {
  await closeSites();
  await provider.close();
});

/** Hostile cases are only meaningful if the valid part of each case works. */
const users = CLIENT_KINDS.filter((kind) => kind !== 'machine'); // it does not sign users in
it.each(users)('signs in with the client "%s" on every site with an honest provider', async (kind) => {
  for (const site of sites) {
    const login = await beginLogin(site.url, kind, provider.issuer(kind === 'signed' ? `${HONEST}-signed` : HONEST));
    const answer = await sendRaw(site.url, callbackRequest(kind, login));
    expect([site.name, answer?.status, answer?.body]).toEqual([site.name, 200, expect.stringContaining('signedIn')]);
  }
});

const calls = Object.entries(SCENARIOS).flatMap(([name, { kinds, call }]) =>
  call ? kinds.map((kind) => ({ name, kind, call })) : [],
);
it.each(calls)('$name of the client "$kind" succeeds with an honest provider', async ({ kind, call }) => {
  const client = kind === 'signed' ? 'case-signed' : 'case';
  const [site] = sites;
  site!.registry.register(client, clientOf(kind, provider.issuer(client)), { replace: true });
  await call(scenarioContext(site!, client, provider.issuer(client)));
});
