// One process of an application, `node worker.js PROVIDER STORE PREFIX`. If asked, it makes concurrent API calls for a user, and
// answers how many milliseconds each call waited for its token. The API is not called, so that it is not measured.
import { NestFactory } from '@nestjs/core';
import type { AxiosAdapter } from 'axios';
import { OAuthClientModule, OAuthRegistry } from 'nestjs-oauth-client';
import { serveParent } from '../support/serve-parent.js';
import { openStore, type StoreKind } from './store.js';

const [provider = '', kind, prefix = ''] = process.argv.slice(2);
const { store } = await openStore(kind as StoreKind, prefix);
const module = OAuthClientModule.forRoot({
  clients: {
    dev: {
      clientId: 'dev',
      clientSecret: 'dev',
      authorizeUrl: provider,
      accessTokenUrl: `${provider}/token`,
      apiBaseUrl: provider,
      allowInsecureHttp: true,
    },
  },
  tokenStore: store,
});
const nest = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
const dev = nest.get(OAuthRegistry).get('dev');

const adapter: AxiosAdapter = (config) =>
  Promise.resolve({ data: undefined, status: 200, statusText: 'OK', headers: {}, config });

serveParent('ready', {
  call(order) {
    const { user, calls } = order as { user: string; calls: number };
    return Promise.all(Array.from({ length: calls }, () => waitOf(user)));
  },
});

async function waitOf(user: string): Promise<number> {
  const start = performance.now();
  await dev.get('user', { user, adapter });
  return performance.now() - start;
}
