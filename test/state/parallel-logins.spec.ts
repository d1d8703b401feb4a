import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Req } from '@nestjs/common';
import PgStore from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import cookieSession from 'cookie-session';
import type { Request, RequestHandler } from 'express';
import session, { MemoryStore, type SessionData, type Store } from 'express-session';
import { setTimeout as sleep } from 'node:timers/promises';
import { OAuthCallback, OAuthLogin, OAuthToken, type OAuthLoginParams } from 'nestjs-oauth-client';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser } from '../support/browser.js';
import { describeWithPostgres, describeWithRedis, usePostgres, useRedis } from '../support/engines.js';
import { testApp, type TestApp } from '../support/test-app.js';

type Site = TestApp;
interface Served {
  /** The session middleware of Express. */
  express?: RequestHandler;
  /** Whether `@fastify/session` saves a session at the end of every request (its default). */
  fastify?: { rolling: boolean };
  /** @default 'session' */
  state?: 'session' | 'cookie';
}

const SESSION = { secret: 'test', resave: false, saveUninitialized: false };

@Controller()
class TabsController {
  /** Responds after 50 ms, so that the requests of two tabs overlap. */
  @Get('login')
  @OAuthLogin('dev', { redirectUri: '/callback' })
  async login(): Promise<OAuthLoginParams> {
    await sleep(50);
    return {};
  }

  /** Saves a value in the session, as most applications do. */
  @Get('callback')
  @OAuthCallback('dev')
  async callback(@Req() { session }: { session: object | null }, @OAuthToken() token: object): Promise<object> {
    await meanwhile();
    if (session) Object.assign(session, { user: 'ada' });
    return token;
  }

  @Get('visit')
  visit(@Req() { session }: Request): object {
    Object.assign(session, { visited: true });
    return {};
  }
}

/** Runs while a callback is handled. */
let meanwhile: () => Promise<void>;
let provider: ScriptedProvider;
let sites: Site[];

beforeEach(async () => {
  provider = await startScriptedProvider();
  provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
  sites = [];
  meanwhile = async () => {};
});

afterEach(async () => {
  for (const site of sites) await site.close();
  await provider.close();
});

async function start({ express, fastify, state = 'session' }: Served): Promise<Site> {
  const dev = clientOf(provider);
  const encryptionKeys = Buffer.alloc(32, 1).toString('base64');
  const site = await testApp({
    clients: { dev },
    state,
    encryptionKeys,
    controllers: [TabsController],
    ...(fastify ? { platform: 'fastify', session: fastify } : { session: 'none' }),
    prepare: (app) => express && app.use(express),
  });
  sites.push(site);
  return site;
}

function expressSession(store: Store): RequestHandler {
  return session({ ...SESSION, store });
}

async function login({ url }: Site, browser: Browser): Promise<string> {
  const { headers, status, text } = await browser.get(`${url}/login`, { follow: false });
  if (status !== 302) throw new Error(`the login answered ${status}: ${text}`);
  return new URL(headers.get('location') ?? '').searchParams.get('state') ?? '';
}

async function callback({ url }: Site, browser: Browser, state: string): Promise<number> {
  return (await browser.get(`${url}/callback?code=c&state=${state}`)).status;
}

/** Begins several logins at once, one per site in the list, and returns the status of each callback. */
async function inTabs(tabs: Site[], { visited = true } = {}): Promise<number[]> {
  const browser = new Browser();
  if (visited) await browser.get(`${tabs[0]!.url}/visit`); // the session exists before the logins
  const states = await Promise.all(tabs.map((site) => login(site, browser)));
  const ends: number[] = [];
  for (const [index, state] of states.entries()) ends.push(await callback(tabs[index]!, browser, state));
  return ends.sort();
}

const STAY = [200, 200, 200];
const times = (site: Site): Site[] => [site, site, site];

/** The tests that every session store must pass in one process. */
function oneProcess(start: () => Promise<Site>): void {
  it('keeps all logins that tabs begin at once', async () => {
    expect(await inTabs(times(await start()))).toEqual(STAY);
  });

  it('finishes concurrent callbacks of concurrent logins, each once', async () => {
    const site = await start();
    const browser = new Browser();
    await browser.get(`${site.url}/visit`);
    const states = await Promise.all(times(site).map((site) => login(site, browser)));
    const callbacks = [...states, ...states].map((state) => callback(site, browser, state));
    expect((await Promise.all(callbacks)).sort()).toEqual([...STAY, 400, 400, 400]);
    const again = states.map((state) => callback(site, browser, state));
    expect(await Promise.all(again)).toEqual([400, 400, 400]);
  });

  it('keeps a login that begins while the callback of another tab is handled', async () => {
    const site = await start();
    const browser = new Browser();
    await browser.get(`${site.url}/visit`);
    const first = await login(site, browser);
    let second = '';
    meanwhile = async () => {
      meanwhile = async () => {};
      second = await login(site, browser);
    };
    expect(await callback(site, browser, first)).toBe(200);
    expect(await callback(site, browser, second)).toBe(200);
    expect(await callback(site, browser, first)).toBe(400);
  });
}

describe('concurrent logins in the tabs of one browser', () => {
  describe('express-session in memory', () => {
    oneProcess(() => start({ express: expressSession(new MemoryStore()) }));

    it('lose all but one without a session before, because the last session cookie wins', async () => {
      const site = await start({ express: expressSession(new MemoryStore()) });
      expect(await inTabs(times(site), { visited: false })).toEqual([200, 400, 400]);
    });

    it('keep the values that the application saves in the session', async () => {
      const store = new MemoryStore();
      const site = await start({ express: expressSession(store) });
      await inTabs(times(site));
      const sessions = Object.values((store as unknown as { sessions: Record<string, string> }).sessions);
      expect(sessions.map((text) => JSON.parse(text))).toMatchObject([{ visited: true, user: 'ada' }]);
    });
  });

  describe.each([true, false])('@fastify/session in memory, rolling: %s', (rolling) => {
    oneProcess(() => start({ fastify: { rolling } }));
  });

  it('lose all but one in cookie-session, because the last session cookie wins', async () => {
    const site = await start({ express: cookieSession({ name: 'session', secret: 'test' }) });
    expect(await inTabs(times(site))).toEqual([200, 400, 400]);
  });

  describeWithRedis('connect-redis', () => {
    const redis = useRedis();
    const newStore = (): RedisStore => new RedisStore(redis);

    oneProcess(() => start({ express: expressSession(newStore()) }));

    it('finish at two apps with one store when they begin one after the other', async () => {
      const [one, two] = [
        await start({ express: expressSession(newStore()) }),
        await start({ express: expressSession(newStore()) }),
      ];
      const browser = new Browser();
      const states = [await login(one, browser), await login(two, browser)];
      expect(await callback(two, browser, states[0]!)).toBe(200);
      expect(await callback(one, browser, states[1]!)).toBe(200);
    });

    it('lose one at two apps with one store, when both apps read the session before either writes it', async () => {
      const here = new MeetingStore(redis);
      const there = new MeetingStore(redis);
      const [one, two] = [
        await start({ express: expressSession(here) }),
        await start({ express: expressSession(there) }),
      ];
      const meeting = new Meeting(2);
      here.meeting = there.meeting = meeting;
      expect(await inTabs([one, two])).toEqual([200, 400]);
      expect(meeting.held).toBe(true);
    });

    /** Blocks each participant until all have arrived, once. */
    class Meeting {
      held = false;
      readonly #all: Promise<void>;
      #missing: number;
      #begin!: () => void;

      constructor(size: number) {
        this.#missing = size;
        this.#all = new Promise((resolve) => (this.#begin = resolve));
      }

      async attend(): Promise<void> {
        if (--this.#missing === 0) {
          this.held = true;
          this.#begin();
        }
        await this.#all;
      }
    }

    /** Waits for the other app before it writes a login. */
    class MeetingStore extends RedisStore {
      meeting?: Meeting;

      override async set(id: string, data: SessionData, done?: (error?: unknown) => void): Promise<void> {
        if (Object.keys(data).some((key) => key.startsWith('_state_'))) await this.meeting?.attend();
        await super.set(id, data, done);
      }
    }
  });

  describeWithPostgres('connect-pg-simple', () => {
    const postgres = usePostgres();
    const stores: { close(): unknown }[] = [];

    afterAll(() => stores.forEach((store) => store.close()));

    oneProcess(() => {
      const Store = PgStore(session);
      const store = new Store({ pool: postgres.pool, schemaName: postgres.schema, createTableIfMissing: true });
      stores.push(store);
      return start({ express: expressSession(store) });
    });
  });

  it('all finish with state: cookie, although the browser had no session before', async () => {
    const site = await start({ state: 'cookie' });
    expect(await inTabs(times(site), { visited: false })).toEqual(STAY);
  });

  it('all finish with state: cookie at two apps that share only the encryption key', async () => {
    const [one, two] = [await start({ state: 'cookie' }), await start({ state: 'cookie' })];
    expect(await inTabs([one, two, one], { visited: false })).toEqual(STAY);
  });
});
