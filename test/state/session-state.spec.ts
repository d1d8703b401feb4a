import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import cookieSession from 'cookie-session';
import type { RequestHandler } from 'express';
import session, { MemoryStore, type SessionData } from 'express-session';
import { answerLogins, startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import type { OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { Browser } from '../support/browser.js';
import { startSessionSite, type Refusal, type SessionSite } from './session-site.js';

interface Entry {
  data: { checks: Record<string, unknown> };
  exp: number;
}
type Stored = Record<string, unknown>;

/** The store of `express-session`, whose sessions a test can read. */
class OpenStore extends MemoryStore {
  /** The only session. */
  get only(): Stored {
    const [text] = Object.values((this as unknown as { sessions: Record<string, string> }).sessions);
    return JSON.parse(text ?? '{}') as Stored;
  }

  get pending(): Record<string, Entry> {
    return Object.fromEntries(Object.entries(this.only).filter(([key]) => key.startsWith('_state_'))) as Record<
      string,
      Entry
    >;
  }

  /** Ages the pending logins: subtracts seconds from their expiry. */
  age(seconds: number): void {
    const { sessions } = this as unknown as { sessions: Record<string, string> };
    for (const [id, text] of Object.entries(sessions)) {
      const stored = JSON.parse(text) as Stored;
      for (const [key, value] of Object.entries(stored)) {
        if (key.startsWith('_state_')) (value as Entry).exp -= seconds;
      }
      sessions[id] = JSON.stringify(stored);
    }
  }
}

describe('a pending login', () => {
  let provider: ScriptedProvider;
  let site: SessionSite;
  let store: OpenStore;
  let browser: Browser;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    answerLogins(provider);
    store = new OpenStore();
    browser = new Browser();
  });

  afterEach(async () => {
    await site.close();
    await provider.close();
  });

  async function start(names?: string[], own: session.Store = store): Promise<void> {
    const middleware = session({ secret: 'test', resave: false, saveUninitialized: false, store: own });
    site = await startSessionSite(middleware, provider.url, names);
  }

  /** Begins a login, and returns its state. */
  async function login(query: Record<string, string> = {}, name = 'dev', by = browser): Promise<string> {
    const search = new URLSearchParams(query).toString();
    const { status, headers } = await by.get(`${site.url}/${name}/login?${search}`, { follow: false });
    expect(status).toBe(302);
    const { searchParams } = new URL(headers.get('location') ?? '');
    return searchParams.get('state') ?? searchParams.get('oauth_token') ?? '';
  }

  async function callback(state: string, name = 'dev', by = browser) {
    const query = new URLSearchParams({ code: 'c', state }).toString();
    const { status, json } = await by.get(`${site.url}/${name}/callback?${query}`);
    return { status, ...(json() as Partial<Refusal>) };
  }

  const DONE = { status: 200, accessToken: 'a' };
  const refused = (reason: string): object => ({ status: 400, error: 'mismatching_state', reason });

  it('saves a pending login under _state_{name}_{state} for an hour, with what the callback needs', async () => {
    await start();
    const state = await login({ returnTo: '/account' });
    const before = Date.now() / 1000;
    expect(store.pending).toEqual({
      [`_state_dev_${state}`]: {
        data: {
          kind: 'login',
          provider: 'dev',
          checks: { codeVerifier: expect.stringMatching(/^[\w-]{43}$/) },
          redirectUri: `${site.url}/dev/callback`,
          returnTo: '/account',
        },
        exp: expect.any(Number),
        binding: expect.stringMatching(/^[\w-]{43}$/),
      },
    });
    const { exp } = store.pending[`_state_dev_${state}`]!;
    expect(Math.abs(exp - before - 3600)).toBeLessThan(3);
  });

  it('saves an OAuth 1 login under its request token, with the secret of the request token', async () => {
    await start();
    expect(await login({}, 'old')).toBe('rt');
    expect(store.pending).toEqual({
      _state_old_rt: {
        data: {
          kind: 'login',
          provider: 'old',
          checks: {},
          redirectUri: `${site.url}/old/callback`,
          secrets: { requestTokenSecret: 'rts' },
        },
        binding: expect.any(String),
        exp: expect.any(Number),
      },
    });
  });

  it('finishes pending logins in any order', async () => {
    await start(['dev', 'other']);
    const states = [await login(), await login(), await login()];
    const other = await login({}, 'other');
    expect(new Set([...states, other]).size).toBe(4);
    expect(await callback(states[1]!)).toMatchObject(DONE);
    expect(await callback(other, 'other')).toMatchObject(DONE);
    expect(await callback(states[2]!)).toMatchObject(DONE);
    expect(await callback(states[0]!)).toMatchObject(DONE);
    expect(store.pending).toEqual({});
  });

  it('finishes each login with its own code verifier', async () => {
    await start();
    const states = [await login(), await login()];
    const verifiers = states.map((state) => store.pending[`_state_dev_${state}`]!.data.checks.codeVerifier);
    await callback(states[1]!);
    await callback(states[0]!);
    const sent = provider.requests.map(({ body }) => new URLSearchParams(body.toString()).get('code_verifier'));
    expect(sent).toEqual([verifiers[1], verifiers[0]]);
  });

  it('finishes a login once, and remembers its state as used until five later logins finish', async () => {
    await start();
    const state = await login();
    expect(await callback(state)).toMatchObject(DONE);
    expect(await callback(state)).toMatchObject(refused('used_state'));
    for (let index = 0; index < 5; index++) await callback(await login());
    expect(await callback(state)).toMatchObject(refused('unknown_state'));
    expect(JSON.stringify(store.only)).not.toContain(state);
  });

  it('a token request that fails uses up the pending login', async () => {
    await start();
    provider.on('POST /token', () => ({ status: 400, json: { error: 'invalid_grant' } }));
    const state = await login();
    expect(await callback(state)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await callback(state)).toMatchObject(refused('used_state'));
  });

  it('a pending login expires after an hour', async () => {
    await start();
    const state = await login();
    store.age(3599);
    expect(Object.keys(store.pending)).toEqual([`_state_dev_${state}`]);
    store.age(2);
    expect(await callback(state)).toMatchObject(refused('expired_state'));
    expect(store.pending).toEqual({});
    expect(provider.requests).toEqual([]);
  });

  it('a pending login can finish within an hour', async () => {
    await start();
    const state = await login();
    store.age(3590);
    expect(await callback(state)).toMatchObject(DONE);
  });

  it('a new login removes expired logins', async () => {
    await start();
    await login();
    store.age(3601);
    const state = await login();
    expect(Object.keys(store.pending)).toEqual([`_state_dev_${state}`]);
  });

  it('keeps at most twenty pending logins, and evicts the oldest', async () => {
    await start();
    const states: string[] = [];
    for (let index = 0; index < 22; index++) {
      states.push(await login());
      if (index < 3) store.age(10);
    }
    expect(Object.keys(store.pending).sort()).toEqual(
      states
        .slice(2)
        .map((state) => `_state_dev_${state}`)
        .sort(),
    );
    expect(await callback(states[1]!)).toMatchObject(refused('unknown_state'));
    expect(await callback(states[2]!)).toMatchObject(DONE);
    expect(await callback(states[21]!)).toMatchObject(DONE);
  });

  it('evicts logins of one second in order of creation', async () => {
    await start();
    const states: string[] = [];
    for (let index = 0; index < 21; index++) states.push(await login());
    expect(await callback(states[0]!)).toMatchObject(refused('unknown_state'));
    expect(await callback(states[1]!)).toMatchObject(DONE);
  });

  it('keeps the other values of the session', async () => {
    await start();
    await login();
    const { sessions } = store as unknown as { sessions: Record<string, string> };
    const [id, text] = Object.entries(sessions)[0]!;
    sessions[id] = JSON.stringify({ ...(JSON.parse(text) as object), user: 5, _stately: 'home' });
    for (let index = 0; index < 25; index++) await login();
    await callback(await login());
    expect(store.only).toMatchObject({ user: 5, _stately: 'home' });
  });

  describe('reasons of a refused callback', () => {
    it('no_session when the callback comes without the session of the login', async () => {
      await start();
      const state = await login();
      const answer = await callback(state, 'dev', new Browser());
      expect(answer).toMatchObject(refused('no_session'));
      expect(answer.description).toMatch(/SameSite.*Secure.*trust proxy/);
    });

    it('no_session when the cookie names a session that no longer exists', async () => {
      await start();
      const state = await login();
      store.clear();
      expect(await callback(state)).toMatchObject(refused('no_session'));
    });

    it('unknown_state when the session has another login', async () => {
      await start();
      await login();
      const theirs = await login({}, 'dev', new Browser());
      expect(await callback(theirs)).toMatchObject(refused('unknown_state'));
    });

    it('no_session when a restart lost the session, and a middleware filled the new one', async () => {
      const middleware = session({ secret: 'test', resave: false, saveUninitialized: false, store });
      const counting: RequestHandler = (request, response, next) =>
        middleware(request, response, () => {
          Object.assign(request.session, { visits: 1 });
          next();
        });
      site = await startSessionSite(counting, provider.url);
      const state = await login();
      store.clear();
      const answer = await callback(state);
      expect(answer).toMatchObject(refused('no_session'));
      expect(answer.description).toMatch(/one in memory forgets all sessions when the process restarts/);
    });

    it('no_session when the session cookie is SameSite=Strict', async () => {
      const strict = { sameSite: 'strict' } as const;
      site = await startSessionSite(
        session({ secret: 'test', resave: false, saveUninitialized: false, store, cookie: strict }),
        provider.url,
      );
      const state = await login();
      const cookies = await browser.jar.getCookies(site.url);
      const fromElsewhere = cookies
        .filter(({ sameSite }) => sameSite !== 'strict')
        .map((cookie) => cookie.cookieString());
      expect(fromElsewhere).toHaveLength(1);
      const headers = { cookie: fromElsewhere.join('; ') };
      const answer = await fetch(`${site.url}/dev/callback?code=c&state=${state}`, { headers });
      const refusal = (await answer.json()) as Refusal;
      expect(refusal).toMatchObject({
        reason: 'no_session',
        description: expect.stringContaining('`Strict` keeps it'),
      });
    });

    it('missing_state when the callback has no state', async () => {
      await start();
      await login();
      expect(await callback('')).toMatchObject(refused('missing_state'));
    });

    it('expired_state or used_state, with the advice to start again', async () => {
      await start();
      const [used, expired] = [await login(), await login()];
      await callback(used);
      store.age(4000);
      for (const [state, reason] of [
        [used, 'used_state'],
        [expired, 'expired_state'],
      ] as const) {
        const answer = await callback(state);
        expect(answer).toMatchObject(refused(reason));
        expect(answer.description).toMatch(/Start the login again\.$/);
      }
    });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'save', 'cookie', '_used_states'])(
    'the state %s does not find a pending login',
    async (state) => {
      await start();
      await login();
      expect(await callback(state)).toMatchObject(refused('unknown_state'));
    },
  );

  it.each(['__defineGetter__', '__lookupSetter__', 'propertyIsEnumerable'])(
    'the state %s does not find a pending login, and can be the state of a login',
    async (state) => {
      await start();
      await login();
      expect(await callback(state)).toMatchObject(refused('unknown_state'));
      expect(await login({ state })).toBe(state);
      expect(await callback(state)).toMatchObject(DONE);
      expect(({} as { data?: unknown }).data).toBeUndefined();
    },
  );

  it('a login of the client a_b is not found by the client a', async () => {
    await start(['a', 'a_b']);
    const state = 'c'.repeat(16);
    await login({ state }, 'a_b');
    expect(Object.keys(store.pending)).toEqual([`_state_a_b_${state}`]);
    expect(await callback(`b_${state}`, 'a')).toMatchObject(refused('unknown_state'));
    expect(await callback(state, 'a_b')).toMatchObject(DONE);
  });

  it('a login of one client is not found by another client', async () => {
    await start(['dev', 'other']);
    const state = await login();
    expect(await callback(state, 'other')).toMatchObject(refused('unknown_state'));
    expect(await callback(state)).toMatchObject(DONE);
  });

  describe('in a session store', () => {
    it('saves the login before the redirect, and removes it before the code is exchanged', async () => {
      const order: string[] = [];
      class SlowStore extends OpenStore {
        override set(id: string, data: SessionData, done?: (error?: unknown) => void): void {
          setTimeout(
            () =>
              super.set(id, data, () => {
                order.push(`saved ${Object.keys(data).filter((key) => key.startsWith('_state_')).length} pending`);
                done?.();
              }),
            100,
          );
        }
      }
      await start(undefined, new SlowStore());
      provider.on('POST /token', () => {
        order.push('code exchanged');
        return { json: { access_token: 'a', token_type: 'bearer' } };
      });
      const state = await login();
      order.push('redirected');
      expect(await callback(state)).toMatchObject(DONE);
      expect(order.slice(0, 4)).toEqual(['saved 1 pending', 'redirected', 'saved 0 pending', 'code exchanged']);
    });

    it('responds with an error and no redirect when the store fails', async () => {
      class FailingStore extends OpenStore {
        override set(_id: string, _data: SessionData, done?: (error?: unknown) => void): void {
          setImmediate(() => done?.(new Error('redis is down')));
        }
      }
      await start(undefined, new FailingStore());
      const { status, headers, json } = await browser.get(`${site.url}/dev/login`, { follow: false });
      expect(status).toBe(500);
      expect(headers.get('location')).toBeNull();
      expect(json()).toEqual({ error: 'session_error', description: expect.stringMatching(/could not be saved/) });
    });
  });

  it('requires a session middleware, and the error shows how to add express-session', async () => {
    site = await startSessionSite(undefined, provider.url);
    for (const route of ['login', 'callback?code=c&state=s']) {
      const { status, json } = await browser.get(`${site.url}/dev/${route}`, { follow: false });
      expect(status).toBe(500);
      const { error, description } = json() as Refusal;
      expect(error).toBe('missing_session');
      expect(description).toContain("import session from 'express-session'");
      expect(description).toContain('app.use(session({');
      expect(description).toContain('@fastify/session');
    }
  });

  describe('in cookie-session', () => {
    async function startWith(options: OAuthClientModuleOptions): Promise<void> {
      const middleware = cookieSession({ name: 'session', secret: 'test' });
      site = await startSessionSite(middleware, provider.url, undefined, options);
    }

    /** Returns all cookies of the browser, decoded. */
    async function inBrowser(): Promise<string> {
      const cookies = await browser.jar.getCookies(site.url);
      return cookies.map(({ value }) => Buffer.from(value, 'base64').toString()).join();
    }

    beforeEach(() => startWith({}));

    it('keeps an OAuth 2 login without encryptionKeys', async () => {
      expect(await callback(await login())).toMatchObject(DONE);
    });

    it('refuses OAuth 1 without encryptionKeys, because the browser could read the secret', async () => {
      const { status, json } = await browser.get(`${site.url}/old/login`, { follow: false });
      expect(status).toBe(500);
      expect(json()).toEqual({
        error: 'invalid_configuration',
        description: expect.stringMatching(/^encryptionKeys: missing; .* `openssl rand -base64 32`/),
      });
      expect(await inBrowser()).toBe('');
    });

    it('encrypts the secret of OAuth 1 with encryptionKeys', async () => {
      await site.close();
      await startWith({ encryptionKeys: Buffer.alloc(32, 1).toString('base64') });
      expect(await login({}, 'old')).toBe('rt');
      expect(await inBrowser()).toContain('_state_old_rt');
      expect(await inBrowser()).not.toContain('rts');
      const { status, json } = await browser.get(`${site.url}/old/callback?oauth_token=rt&oauth_verifier=v`);
      expect({ status, body: json() }).toMatchObject({
        status: 200,
        body: { oauthToken: 'at', oauthTokenSecret: 'ats' },
      });
      const again = await browser.get(`${site.url}/old/callback?oauth_token=rt&oauth_verifier=v`);
      expect(again.json()).toMatchObject({ reason: 'used_state' });
    });

    it('refuses callbacks with the reasons no_session, unknown_state and used_state', async () => {
      const state = await login();
      expect(await callback(state, 'dev', new Browser())).toMatchObject(refused('no_session'));
      expect(await callback('x')).toMatchObject(refused('unknown_state'));
      expect(await callback(state)).toMatchObject(DONE);
      expect(await callback(state)).toMatchObject(refused('used_state'));
    });

    it('keeps at most five logins, so that the browser accepts the cookie', async () => {
      const states: string[] = [];
      for (let index = 0; index < 8; index++) states.push(await login());
      const cookies = await browser.jar.getCookies(site.url);
      const size = cookies.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
      expect(size).toBeLessThan(4096);
      expect(await callback(states[2]!)).toMatchObject(refused('unknown_state'));
      expect(await callback(states[3]!)).toMatchObject(DONE);
    });
  });
});
