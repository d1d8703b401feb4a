/**
 * One process of an application that runs in several. It calls the API for the users that its parent sends, and reports
 * the results. `cluster.ts` compiles and runs it.
 */
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OAuthClientModule, OAuthError, OAuthRegistry, ProviderError } from '../../lib/index.js';
import type { TokenStore } from '../../lib/stores/index.js';
import { CheckpointStore } from './checkpoint-store.js';
import type { CallReport, Checkpoint, Message, Order, WorkerSettings } from './messages.js';
import { openPostgresStore, openRedisStore } from './token-store.js';

/** Functions that continue the refreshes which wait at checkpoints. */
const stopped: (() => void)[] = [];
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
      tokenStore: settings.checkpoints ? new CheckpointStore(await openStore(), stopAt) : await openStore(),
      onTokenRevoked: ({ name, user }) => tell({ kind: 'event', event: 'revoked', name, user: user ?? '' }),
      onTokenUnsaved: ({ name, user }) => tell({ kind: 'event', event: 'unsaved', name, user: user ?? '' }),
    }),
  ],
})
class WorkerModule {}

async function openStore(): Promise<TokenStore> {
  const { store } = await (settings.store.kind === 'redis' ? openRedisStore : openPostgresStore)(settings.store);
  return store;
}

function tell(message: Message): void {
  process.send?.(message);
}

function stopAt(checkpoint: Checkpoint): Promise<void> {
  tell({ kind: 'checkpoint', checkpoint });
  return new Promise((resolve) => stopped.push(resolve));
}

const tellLine = (line: unknown): void => tell({ kind: 'log', line: String(line) });
const logger = { log: () => undefined, warn: tellLine, error: tellLine, fatal: tellLine };
const app = await NestFactory.createApplicationContext(WorkerModule, { logger });
const dev = app.get(OAuthRegistry).get('dev');

process.on('message', (order: Order) => {
  if (order === 'go on') {
    stopped.shift()?.();
    return;
  }
  const calls = Array.from({ length: order.calls }, () => timed(() => dev.get('user', { user: order.user })));
  void Promise.all(calls).then((reports) => tell({ kind: 'reports', order: order.id, reports }));
});

async function timed(call: () => Promise<{ status: number }>): Promise<CallReport> {
  const begun = performance.now();
  const ended = await call().then(({ status }) => ({ outcome: String(status) }), failed);
  return { ...ended, milliseconds: performance.now() - begun };
}

function failed(error: unknown): Pick<CallReport, 'outcome' | 'retryAfter'> {
  if (!(error instanceof OAuthError)) return { outcome: String(error) };
  return { outcome: error.error, retryAfter: error instanceof ProviderError ? error.retryAfter : undefined };
}

tell({ kind: 'ready' });
