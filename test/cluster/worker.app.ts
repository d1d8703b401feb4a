/**
 * One process of an application that is many: it calls the API for whichever user it is told to, and tells its parent what
 * happened. It is compiled, and run by `cluster.ts`.
 */
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createClient } from 'redis';
import { DataSource } from 'typeorm';
import { OAuthClientModule, OAuthError, OAuthRegistry, type TokenStore } from '../../lib/index.js';
import { RedisTokenStore } from '../../lib/redis/index.js';
import {
  OAuth1TokenEntity,
  OAuth2TokenEntity,
  OAuthTokenLockEntity,
  TypeOrmTokenStore,
} from '../../lib/typeorm/index.js';
import type { CallOrder, CallReport, WorkerSettings } from './messages.js';

const settings = JSON.parse(process.env.WORKER ?? '') as WorkerSettings;

const { now } = Date;
Date.now = () => now() + (settings.clockOffset ?? 0);

@Module({
  imports: [
    OAuthClientModule.forRoot({
      clients: {
        dev: {
          clientId: 'dev',
          clientSecret: 's3cret',
          authorizeUrl: `${settings.provider}/authorize`,
          accessTokenUrl: `${settings.provider}/token`,
          apiBaseUrl: settings.provider,
          allowInsecureHttp: true,
          grantType: settings.grantType,
          clientKwargs: { refreshTimeout: settings.refreshTimeout },
        },
      },
      http: { headers: { 'x-worker': String(process.pid) }, timeout: settings.timeout },
      tokenStore: await openStore(),
      onTokenRevoked: ({ name, user }) => tell({ event: 'revoked', name, user }),
      onTokenUnsaved: ({ name, user }) => tell({ event: 'unsaved', name, user }),
    }),
  ],
})
class WorkerModule {}

async function openStore(): Promise<TokenStore> {
  const { store } = settings;
  if (store.kind === 'redis') {
    const client = createClient({ url: store.url });
    client.on('error', () => undefined); // a server that is away is one of the tests
    await client.connect();
    return new RedisTokenStore(client, { prefix: store.prefix });
  }
  const source = new DataSource({
    type: 'postgres',
    url: store.url,
    schema: store.prefix,
    entities: [OAuth1TokenEntity, OAuth2TokenEntity, OAuthTokenLockEntity],
    poolErrorHandler: () => undefined,
    extra: { connectionTimeoutMillis: settings.connectTimeout ?? 10_000 },
  });
  return new TypeOrmTokenStore(await source.initialize());
}

function tell(message: object): void {
  process.send?.(message);
}

const app = await NestFactory.createApplicationContext(WorkerModule, { logger: ['error'] });
const dev = app.get(OAuthRegistry).get('dev');

process.on('message', (order: CallOrder) => {
  const calls = Array.from({ length: order.calls }, () => timed(() => dev.get('user', { user: order.user })));
  void Promise.all(calls).then((reports) => tell({ order: order.id, reports }));
});

async function timed(call: () => Promise<{ status: number }>): Promise<CallReport> {
  const begun = performance.now();
  const outcome = await call().then(
    ({ status }) => String(status),
    (error: unknown) => (error instanceof OAuthError ? error.error : String(error)),
  );
  return { outcome, milliseconds: performance.now() - begun };
}

tell({ event: 'ready' });
