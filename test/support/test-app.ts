import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import {
  Module,
  type INestApplication,
  type ModuleMetadata,
  type NestApplicationOptions,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import cookieSession from 'cookie-session';
import session, { type Store } from 'express-session';
import type { AddressInfo } from 'node:net';
import {
  OAuthClientModule,
  OAuthRegistry,
  type ClientRegistration,
  type OAuthClientModuleOptions,
} from 'nestjs-oauth-client';
import { AuthController, sessionToken } from './auth.controller.js';
import { freePort } from './free-port.js';

export type Platform = 'express' | 'fastify';

interface SessionSettings {
  secret?: string;
  store?: Store;
  rolling?: boolean;
}

/** How an application is served, whatever its modules are. */
interface ServeOptions {
  /** @default 'express' */
  platform?: Platform;
  /** `none`, `cookie-session`, or options of `express-session` and `@fastify/session`. @default 'none' */
  session?: 'none' | 'cookie-session' | SessionSettings;
  /** Whether `X-Forwarded-*` headers are believed. @default false */
  trustProxy?: boolean;
  /** Nest's own option. */
  bodyParser?: boolean;
  /** Adds middleware, interceptors or hooks before the application starts. */
  prepare?: (app: INestApplication) => unknown;
}

/** `stores` of a test application are options of the module: `state` for pending logins, and `tokenStore`. */
export interface TestAppOptions
  extends ServeOptions, OAuthClientModuleOptions, Pick<ModuleMetadata, 'imports' | 'providers'> {
  /** @default `AuthController` alone */
  controllers?: Type<unknown>[];
  /** Whether `baseUrl` is the application's own address, which pushed and signed authorization requests need. */
  withBaseUrl?: boolean;
}

export interface TestApp {
  url: string;
  registry: OAuthRegistry;
  app: INestApplication;
  close(): Promise<void>;
}

/**
 * Starts an application on a free port. By default, it has the routes of {@link AuthController}, and a session unless
 * logins wait elsewhere (`state`). Its clients may use http.
 */
export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { imports = [], controllers = [AuthController], providers, withBaseUrl = false, ...more } = options;
  const { platform, session, trustProxy, bodyParser, prepare, clients = {}, ...module } = more;
  const port = withBaseUrl ? await freePort() : 0;
  const oauth = OAuthClientModule.forRoot({
    ...(withBaseUrl && { baseUrl: `http://127.0.0.1:${port}` }),
    ...(!module.tokenStore && { fetchToken: sessionToken }),
    ...module,
    clients: withoutTls(clients),
  });
  @Module({ imports: [oauth, ...imports], controllers, providers })
  class AppModule {}
  const { state = 'session' } = module;
  const choice = session ?? (state === 'session' ? {} : 'none');
  const app = await serve(AppModule, { platform, session: choice, trustProxy, bodyParser, prepare }, port);
  return { ...app, registry: app.app.get(OAuthRegistry) };
}

/** Starts an application of any module. */
export async function serve(
  module: Type<unknown>,
  options: ServeOptions = {},
  port = 0,
): Promise<Omit<TestApp, 'registry'>> {
  const app = options.platform === 'fastify' ? await onFastify(module, options) : await onExpress(module, options);
  await options.prepare?.(app);
  await app.listen(port, '127.0.0.1');
  const address = app.getHttpServer().address() as AddressInfo;
  return { app, url: `http://127.0.0.1:${address.port}`, close: () => app.close() };
}

const NEST = { logger: ['error'], abortOnError: false } satisfies NestApplicationOptions;
const SECRET = 'x'.repeat(32);

async function onExpress(module: Type<unknown>, { session: choice, trustProxy = false, bodyParser }: ServeOptions) {
  const app = await NestFactory.create<NestExpressApplication>(module, { ...NEST, bodyParser });
  app.set('trust proxy', trustProxy);
  if (choice === 'cookie-session') app.use(cookieSession({ name: 'session', secret: SECRET }));
  else if (isSession(choice)) app.use(session({ secret: SECRET, resave: false, saveUninitialized: false, ...choice }));
  return app;
}

async function onFastify(module: Type<unknown>, { session: choice, trustProxy = false, bodyParser }: ServeOptions) {
  const adapter = new FastifyAdapter({ trustProxy });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { ...NEST, bodyParser });
  if (isSession(choice)) {
    await app.register(fastifyCookie);
    await app.register(fastifySession, { secret: SECRET, cookie: { secure: false }, ...choice });
  }
  return app;
}

function isSession(choice: ServeOptions['session']): choice is SessionSettings {
  return typeof choice === 'object';
}

/** Clients of providers that run on this machine, without TLS. */
function withoutTls(clients: Record<string, ClientRegistration>): Record<string, ClientRegistration> {
  const named = Object.entries(clients);
  return Object.fromEntries(named.map(([name, client]) => [name, { allowInsecureHttp: true, ...client }]));
}
