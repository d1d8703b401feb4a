import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Module, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { HttpAdapterHost } from '@nestjs/core';
import { AbstractGraphQLDriver, GraphQLModule, type GqlModuleOptions } from '@nestjs/graphql';
import { WsAdapter } from '@nestjs/platform-ws';
import express, { type Request, type Response } from 'express';
import session from 'express-session';
import { graphql } from 'graphql';
import passport from 'passport';
import { OAuthClientModule } from 'nestjs-oauth-client';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { startOidcProvider, type OidcProvider } from '../providers/oidc-provider.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser, type Page } from '../support/browser.js';
import { compileDocs, type CompiledDocs } from './compile.js';
import { documentationPages } from './snippets.js';

const PAGES = ['docs/passport.md', 'docs/graphql-and-websockets.md', 'docs/single-page-applications.md'];
const TOKEN = { accessToken: 'a-token', tokenType: 'bearer' };

let docs: CompiledDocs;
let provider: OidcProvider;
let api: ScriptedProvider;
let app: INestApplication;
let url: string;
let browser: Browser;

beforeAll(async () => {
  docs = compileDocs(
    documentationPages().filter(({ path }) => PAGES.includes(path)),
    'build/docs-examples',
  );
  api = await startScriptedProvider();
  api.on('GET /user/repos', ({ headers }) => ({ json: [{ name: `for ${headers.authorization?.slice(0, 6)}` }] }));
  provider = await startOidcProvider({
    clients: [
      {
        client_id: 'docs',
        client_secret: 'a secret of the examples',
        application_type: 'native',
        redirect_uris: ['id/callback', 'callback', 'github/connected'].map((path) => `http://127.0.0.1/auth/${path}`),
      },
    ],
  });
}, 120_000);

afterAll(async () => {
  await provider.close();
  await api.close();
});

beforeEach(() => {
  browser = new Browser();
});

afterEach(() => app.close());

/** The settings of the pages' clients, which the pages read from the environment. */
function settings(): Record<string, object> {
  const client = {
    client_id: 'docs',
    client_secret: 'a secret of the examples',
    allow_insecure_http: true,
    client_kwargs: { scope: 'openid profile' },
  };
  const endpoints = { authorize_url: `${provider.url}/auth`, access_token_url: `${provider.url}/token` };
  return {
    id: { ...client, issuer: provider.url, api_base_url: `${provider.url}/api/` },
    github: { ...client, ...endpoints, client_kwargs: { scope: 'profile' }, api_base_url: `${api.url}/` },
  };
}

function load(file: string): Promise<Record<string, unknown>> {
  return import(docs.compiledFile(file)) as Promise<Record<string, unknown>>;
}

async function start(module: Type, prepare: (app: INestApplication) => void = () => undefined): Promise<void> {
  process.env.AUTHLIB_OAUTH_CLIENTS = JSON.stringify(settings());
  try {
    app = await NestFactory.create(module, { logger: ['error'], abortOnError: false });
  } finally {
    delete process.env.AUTHLIB_OAUTH_CLIENTS;
  }
  prepare(app);
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
}

function sessions(): express.RequestHandler {
  return session({ secret: 'of the examples', resave: false, saveUninitialized: false });
}

describe('the application with Passport', () => {
  beforeEach(async () => {
    const { PassportAppModule } = await load('passport/passport.module.ts');
    await start(PassportAppModule as Type, (nest) => nest.use(sessions(), passport.session()));
  });

  function signIn(): Promise<Page> {
    return browser.post(`${url}/auth/login`, { username: 'ada', password: 'correct horse' });
  }

  it('connects an account to the user that Passport signed in, and calls the API for that user', async () => {
    expect((await signIn()).json()).toEqual({ id: 'ada' });
    const page = await browser.allow(await browser.get(`${url}/auth/github/connect`));
    expect([page.url, page.json()]).toEqual([`${url}/auth/repositories`, [{ name: 'for Bearer' }]]);
  });

  it('refuses to connect an account if the user is not signed in', async () => {
    expect((await browser.get(`${url}/auth/github/connect`)).status).toBe(403);
  });

  it('signs the user in to the session of Passport', async () => {
    const page = await browser.allow(await browser.get(`${url}/auth/id/login`));
    expect(page.json()).toEqual({ id: 'id:1815' });
  });

  it('keeps the pending login of another tab when Passport signs the user in', async () => {
    const pending = await browser.get(`${url}/auth/id/login`);
    await signIn();
    expect((await browser.allow(pending)).json()).toEqual({ id: 'id:1815' });
  });
});

/** The client of the pages about GraphQL and WebSockets, with the token of one user. */
async function clients(): Promise<ReturnType<typeof OAuthClientModule.forRoot>> {
  const tokenStore = new MemoryTokenStore();
  await tokenStore.save({ name: 'github', user: 'ada' }, TOKEN);
  return OAuthClientModule.forRoot({
    clients: settings(),
    tokenStore,
    userOf: (request) => (request.session as { userId?: string } | undefined)?.userId,
  });
}

/** A route that signs a user in without a login. */
function signInRoute(middleware: express.RequestHandler): express.RequestHandler {
  return (request, response, next) => {
    void middleware(request, response, () => {
      if (request.path !== '/sign-in') {
        next();
        return;
      }
      Object.assign(request.session, { userId: request.query.user });
      response.send('signed in');
    });
  };
}

describe('the GraphQL resolver', () => {
  /** A minimal driver for `graphql`, with the request in the context as in Apollo's driver. */
  class SmallDriver extends AbstractGraphQLDriver {
    declare protected readonly httpAdapterHost: HttpAdapterHost;

    async start({ schema }: GqlModuleOptions): Promise<void> {
      const server = this.httpAdapterHost.httpAdapter.getInstance<express.Express>();
      server.post('/graphql', express.json(), async (req: Request, res: Response) => {
        const { query } = req.body as { query: string };
        res.json(await graphql({ schema: schema!, source: query, contextValue: { req, res } }));
      });
    }

    async stop(): Promise<void> {}
  }

  beforeEach(async () => {
    const { RepositoriesResolver } = await load('graphql/repositories.resolver.ts');

    @Module({
      imports: [GraphQLModule.forRoot({ driver: SmallDriver, autoSchemaFile: true }), await clients()],
      providers: [RepositoriesResolver as Type],
    })
    class AppModule {}

    await start(AppModule, (nest) => nest.use(signInRoute(sessions())));
  });

  async function query(): Promise<unknown> {
    const cookie = await browser.jar.getCookieString(url);
    const headers = { 'content-type': 'application/json', cookie };
    const body = JSON.stringify({ query: '{ repositories }' });
    return (await fetch(`${url}/graphql`, { method: 'POST', headers, body })).json();
  }

  it('calls the API for the user of the session', async () => {
    await browser.get(`${url}/sign-in?user=ada`);
    expect(await query()).toEqual({ data: { repositories: ['for Bearer'] } });
  });

  it('responds with the error code and the reference if the user has no token', async () => {
    expect(await query()).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'missing_token', reference: expect.any(String) } }],
    });
  });
});

describe('the WebSocket gateway', () => {
  beforeEach(async () => {
    const { LiveGateway, SESSION, ORIGIN } = await load('websocket/live.gateway.ts');
    const middleware = sessions();

    @Module({
      imports: [await clients()],
      providers: [
        LiveGateway as Type,
        { provide: SESSION as symbol, useValue: middleware },
        { provide: ORIGIN as symbol, useValue: 'https://app.example' },
      ],
    })
    class AppModule {}

    await start(AppModule, (nest) => {
      nest.useWebSocketAdapter(new WsAdapter(nest));
      nest.use(signInRoute(middleware));
    });
  });

  async function connect(origin = 'https://app.example'): Promise<WebSocket> {
    const cookie = await browser.jar.getCookieString(url);
    return new WebSocket(`${url.replace('http', 'ws')}/live`, { headers: { cookie }, origin });
  }

  async function ask(socket: WebSocket): Promise<unknown> {
    await once(socket, 'open');
    const answer = once(socket, 'message') as Promise<[Buffer]>;
    socket.send(JSON.stringify({ event: 'repositories' }));
    const [message] = await answer;
    socket.close();
    return JSON.parse(message.toString());
  }

  it('calls the API for the user of the session of the handshake', async () => {
    await browser.get(`${url}/sign-in?user=ada`);
    expect(await ask(await connect())).toEqual({ event: 'repositories', data: [{ name: 'for Bearer' }] });
  });

  it('responds with the error code if the user has no token', async () => {
    await browser.get(`${url}/sign-in?user=grace`);
    expect(await ask(await connect())).toMatchObject({ event: 'error', data: { error: 'missing_token' } });
  });

  it.each([
    ['without a session', 'https://app.example', undefined],
    ['from a page of another site', 'https://evil.example', 'ada'],
  ])('closes a connection %s', async (_, origin, user) => {
    if (user !== undefined) await browser.get(`${url}/sign-in?user=${user}`);
    const [code] = (await once(await connect(origin), 'close')) as [number];
    expect(code).toBe(4401);
  });
});

describe('the backend of a single-page application', () => {
  beforeEach(async () => {
    const { SpaModule } = await load('spa/spa.module.ts');
    await start(SpaModule as Type, (nest) => nest.use(sessions()));
  });

  it('responds with 401 if the user is not signed in, signs in by navigation, and returns to the page', async () => {
    expect((await browser.get(`${url}/api/profile`)).status).toBe(401);
    const page = await browser.allow(await browser.get(`${url}/auth/login?next=/api/profile%3Ftab=2`));
    expect([page.url, page.json()]).toEqual([`${url}/api/profile?tab=2`, { name: 'Ada Lovelace' }]);
  });

  it('accepts a POST only from its own pages', async () => {
    await browser.allow(await browser.get(`${url}/auth/login?next=/api/profile`));
    for (const site of ['cross-site', 'same-site', 'none', undefined]) {
      const headers = site === undefined ? undefined : { 'sec-fetch-site': site };
      expect([site, (await browser.post(`${url}/auth/logout`, {}, { headers })).status]).toEqual([site, 403]);
    }
    expect((await browser.get(`${url}/api/profile`)).status).toBe(200);
    expect(
      (await browser.post(`${url}/auth/logout`, {}, { headers: { 'sec-fetch-site': 'same-origin' } })).status,
    ).toBe(201);
    expect((await browser.get(`${url}/api/profile`)).status).toBe(401);
  });
});
