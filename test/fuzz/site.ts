import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { Module, type INestApplication, type LoggerService, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import session, { Store, type SessionData } from 'express-session';
import type { AddressInfo } from 'node:net';
import { createClient } from 'redis';
import { OAuthClientModule, OAuthRegistry, type OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { OAuthHealthIndicator } from 'nestjs-oauth-client/health';
import { RedisStateStore } from 'nestjs-oauth-client/redis';
import { AuthController, tokenIn } from './auth.controller.js';
import { CLIENT_KINDS, clientOf } from './clients.js';
import { SECRETS } from './secrets.js';

/** A Nest app with one platform and one kind of state store. */
export interface Site {
  name: string;
  url: string;
  registry: OAuthRegistry;
  health: OAuthHealthIndicator;
  close(): Promise<void>;
}

/** The options that differ between sites. */
type SiteOptions = Pick<OAuthClientModuleOptions, 'state' | 'baseUrl'>;

/** The maximum number of sessions in a store. A run creates thousands, and the heap is measured. */
const MAX_SESSIONS = 300;
/** The timeout of requests to the provider in milliseconds. */
const PROVIDER_TIMEOUT = 250;

/** A session store like `MemoryStore` that evicts the oldest sessions. */
class BoundedStore extends Store {
  readonly #sessions = new Map<string, string>();

  override get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    const json = this.#sessions.get(id);
    setImmediate(done, null, json === undefined ? null : JSON.parse(json));
  }

  override set(id: string, data: SessionData, done?: (error?: unknown) => void): void {
    this.#sessions.set(id, JSON.stringify(data));
    const [oldest = ''] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(oldest);
    if (done) setImmediate(done);
  }

  override destroy(id: string, done?: (error?: unknown) => void): void {
    this.#sessions.delete(id);
    if (done) setImmediate(done);
  }
}

/** Starts an app for every platform and every kind of state store. Redis is included if `REDIS_URL` is set. */
export async function startSites(
  issuer: string,
  logger: LoggerService,
): Promise<{ sites: Site[]; close(): Promise<void> }> {
  const { REDIS_URL: url } = process.env;
  const redis = url === undefined ? undefined : await createClient({ url }).connect();
  const kinds: [string, SiteOptions][] = [
    ['session', {}],
    ['cookie', { state: 'cookie', baseUrl: 'https://site.example' }],
    ...(redis ? [['redis', { state: new RedisStateStore(redis, { prefix: 'fuzz:' }) }] as [string, SiteOptions]] : []),
  ];
  const sites: Site[] = [];
  for (const [name, options] of kinds) {
    const module = appModule(options, issuer);
    sites.push(await siteOf(`express, ${name}`, await onExpress(module, logger)));
    sites.push(await siteOf(`fastify, ${name}`, await onFastify(module, logger)));
  }
  const close = async (): Promise<void> => {
    for (const site of sites) await site.close();
    redis?.destroy();
  };
  return { sites, close };
}

async function siteOf(name: string, app: INestApplication): Promise<Site> {
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    name,
    url,
    registry: app.get(OAuthRegistry),
    health: app.get(OAuthHealthIndicator),
    close: () => app.close(),
  };
}

async function onExpress(module: Type<unknown>, logger: LoggerService): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(module, { logger, abortOnError: false });
  app.set('trust proxy', true);
  app.set('query parser', 'extended'); // parses `state[a]=` into an object
  app.use(session({ secret: SECRETS.cookie, resave: false, saveUninitialized: false, store: new BoundedStore() }));
  return app;
}

async function onFastify(module: Type<unknown>, logger: LoggerService): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ trustProxy: true });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { logger, abortOnError: false });
  await app.register(fastifyCookie);
  await app.register(fastifySession, {
    secret: SECRETS.cookie,
    cookie: { secure: false },
    saveUninitialized: false,
    store: new BoundedStore(),
  });
  return app;
}

function appModule(options: SiteOptions, issuer: string): Type<unknown> {
  const clients = Object.fromEntries(
    CLIENT_KINDS.map((kind) => [kind, clientOf(kind, kind === 'signed' ? `${issuer}-signed` : issuer)]),
  );
  const shared: OAuthClientModuleOptions = {
    clients,
    encryptionKeys: SECRETS.encryptionKey,
    fetchToken: (_name, request) => tokenIn(request),
    onBackchannelLogout: () => undefined,
    http: { timeout: PROVIDER_TIMEOUT, proxy: false },
  };
  @Module({ imports: [OAuthClientModule.forRoot({ ...shared, ...options })], controllers: [AuthController] })
  class AppModule {}
  return AppModule;
}
