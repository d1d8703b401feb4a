/**
 * One process of an application that runs in several. It calls the API for the users that its parent sends, and reports
 * the results. `cluster.ts` compiles and runs it. A process starts one application after another, because most of the time
 * of a start is spent on loading Nest.
 */
import { NestFactory } from '@nestjs/core';
import { OAuthClientModule, OAuthError, OAuthRegistry, ProviderError, type RemoteApp } from '../../lib/index.js';
import type { TokenStore } from '../../lib/stores/index.js';
import { CheckpointStore } from './checkpoint-store.js';
import type { CallReport, Checkpoint, Message, Order, WorkerSettings } from './messages.js';
import { openPostgresStore, openRedisStore } from './token-store.js';

interface Application {
  dev: RemoteApp;
  close(): Promise<void>;
}

/** Functions that continue the refreshes which wait at checkpoints. */
const waiting: (() => void)[] = [];
const { now } = Date;

const tell = (message: Message): void => void process.send?.(message);
const tellLine = (line: unknown): void => tell({ kind: 'log', line: String(line) });

async function start(settings: WorkerSettings): Promise<Application> {
  Date.now = () => now() + (settings.clockOffset ?? 0);
  const { store, close } = await openStore(settings.store);
  const client = OAuthClientModule.forRoot({
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
    tokenStore: settings.checkpoints ? new CheckpointStore(store, waitAt) : store,
    onTokenRevoked: ({ name, user }) => tell({ kind: 'event', event: 'revoked', name, user: user ?? '' }),
    onTokenUnsaved: ({ name, user }) => tell({ kind: 'event', event: 'unsaved', name, user: user ?? '' }),
  });
  const logger = { log: () => undefined, warn: tellLine, error: tellLine, fatal: tellLine };
  const app = await NestFactory.createApplicationContext(client, { logger });
  return {
    dev: app.get(OAuthRegistry).get('dev'),
    async close() {
      await app.close();
      await close();
    },
  };
}

async function openStore(location: WorkerSettings['store']): Promise<{ store: TokenStore; close(): Promise<void> }> {
  if (location.kind === 'redis') {
    const { store, client } = await openRedisStore(location);
    return { store, close: () => client.close() };
  }
  const { store, source } = await openPostgresStore(location);
  return { store, close: () => source.destroy() };
}

function waitAt(checkpoint: Checkpoint): Promise<void> {
  tell({ kind: 'checkpoint', checkpoint });
  return new Promise((resolve) => waiting.push(resolve));
}

async function timed(call: () => Promise<{ status: number }>): Promise<CallReport> {
  const begun = performance.now();
  const ended = await call().then(({ status }) => ({ outcome: String(status) }), failed);
  return { ...ended, milliseconds: performance.now() - begun };
}

function failed(error: unknown): Pick<CallReport, 'outcome' | 'retryAfter'> {
  if (!(error instanceof OAuthError)) return { outcome: String(error) };
  return { outcome: error.error, retryAfter: error instanceof ProviderError ? error.retryAfter : undefined };
}

let application: Application | undefined;

async function follow(order: Order): Promise<void> {
  switch (order.kind) {
    case 'start':
      application = await start(order.settings);
      {
        tell({ kind: 'started' });
        return;
      }
    case 'stop':
      await application?.close();
      {
        tell({ kind: 'stopped' });
        return;
      }
    case 'call': {
      const calls = Array.from({ length: order.calls }, () =>
        timed(async () => application!.dev.get('user', { user: order.user })),
      );
      tell({ kind: 'reports', order: order.id, reports: await Promise.all(calls) });
      return;
    }
    case 'go on':
      waiting.shift()?.();
  }
}

process.on('message', (order: Order) => void follow(order));
process.on('disconnect', () => process.exit());
