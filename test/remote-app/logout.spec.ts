import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryStore } from 'express-session';
import { promisify } from 'node:util';
import { OAuthError, type ClientRegistration, type OAuth2App } from 'nestjs-oauth-client';
import type { EndedSession } from 'nestjs-oauth-client/stores';
import { run, stopAll, type Outcome } from '../conformance/relying-party.js';
import { sign } from '../providers/conformance-provider.js';
import { metadataOf, oauth1ClientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { bareResponse } from '../support/bare-response.js';
import { testApp, type TestApp, type TestAppOptions } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

describe('a logout at the provider', () => {
  let provider: ScriptedProvider;
  let app: TestApp;
  let visitor: Visitor;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('GET /.well-known/openid-configuration', () => ({ json: metadata() }));
    visitor = new Visitor(() => app);
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  function metadata(): object {
    return metadataOf(provider, { end_session_endpoint: `${provider.url}/end?tenant=1` });
  }

  async function start(options: Partial<TestAppOptions> = {}): Promise<OAuth2App> {
    const dev = {
      clientId: 'dev',
      serverMetadataUrl: `${provider.url}/.well-known/openid-configuration`,
    } as ClientRegistration;
    app = await testApp({ clients: { dev, old: oauth1ClientOf(provider) }, ...options });
    return app.registry.get<OAuth2App>('dev');
  }

  async function logout(query = ''): Promise<URL> {
    const { page, location } = await visitor.logout(`dev${query}`);
    expect(page.headers.get('cache-control')).toBe('no-store');
    return location;
  }

  it('redirects to the end session endpoint, and keeps the state in the session', async () => {
    const store = new MemoryStore();
    await start({ session: { store } });
    const { origin, pathname, searchParams } = await logout('?idTokenHint=fake.id.token&logoutHint=ada&uiLocales=de');
    expect(origin + pathname).toBe(`${provider.url}/end`);
    expect(Object.fromEntries(searchParams)).toEqual({
      tenant: '1',
      client_id: 'dev',
      id_token_hint: 'fake.id.token',
      logout_hint: 'ada',
      ui_locales: 'de',
      post_logout_redirect_uri: `${app.url}/auth/dev/signed-out`,
      state: expect.stringMatching(/^[\w-]{43}$/),
    });
    const sessions = await promisify(store.all.bind(store))();
    expect(JSON.stringify(sessions)).toContain(`_state_dev_${searchParams.get('state')}`);
  });

  it('the callback ends the logout once, and returns the return path', async () => {
    await start();
    const { searchParams } = await logout('?next=/bye');
    const callback = `${app.url}/auth/dev/signed-out?state=${searchParams.get('state')}`;
    expect((await visitor.get(callback)).json()).toEqual({ returnTo: '/bye' });
    expect((await visitor.get(callback)).json()).toMatchObject({
      error: 'mismatching_state',
      error_description: expect.stringContaining('this logout was already finished'),
    });
  });

  it('uses a given state', async () => {
    await start();
    expect((await logout('?state=mine-and-no-other')).searchParams.get('state')).toBe('mine-and-no-other');
    expect((await visitor.visit('dev/signed-out?state=mine-and-no-other')).json()).toEqual({
      returnTo: '/',
    });
  });

  it('needs no state and no session when there is no logout callback', async () => {
    const dev = await start({ session: 'none' });
    const { url } = await dev.logoutRedirect({}, bareResponse(), { idTokenHint: 'fake.id.token' });
    expect(url).toBe(`${provider.url}/end?tenant=1&client_id=dev&id_token_hint=fake.id.token`);
  });

  it('createLogoutUrl() returns the URL and the state', async () => {
    const dev = await start();
    const { url, state } = await dev.createLogoutUrl({
      postLogoutRedirectUri: 'https://app.test/bye',
      state: 'mine-and-no-other',
    });
    expect([new URL(url).searchParams.get('state'), state]).toEqual(['mine-and-no-other', 'mine-and-no-other']);
    expect(await dev.createLogoutUrl()).toEqual({
      url: `${provider.url}/end?tenant=1&client_id=dev`,
      state: undefined,
    });
  });

  it('requires an end session endpoint', async () => {
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: { ...metadata(), end_session_endpoint: null },
    }));
    const dev = await start();
    await expect(dev.logoutRedirect({}, bareResponse())).rejects.toThrow(
      'dev: neither its settings nor its server metadata have a usable end_session_endpoint',
    );
  });

  it('refuses an unknown state, and a state of another browser', async () => {
    await start();
    const { searchParams } = await logout();
    const callback = async (query: string, by = visitor) =>
      (await by.get(`${app.url}/auth/dev/signed-out${query}`)).json();
    expect(await callback('?state=invalid-state')).toMatchObject({ error: 'mismatching_state' });
    const state = `?state=${searchParams.get('state')}`;
    expect(await callback(state, new Visitor(() => app))).toMatchObject({ error: 'mismatching_state' });
    expect(await callback(state)).toEqual({ returnTo: '/' });
  });

  describe('a logout callback without a state (Cognito)', () => {
    async function signIn(): Promise<void> {
      provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
      const { state } = await visitor.login();
      const page = await visitor.visit(`dev/callback?code=c&state=${state}`);
      expect(page.status).toBe(200);
    }

    const signedOut = () => visitor.visit('dev/signed-out');
    const refused = {
      error: 'invalid_request',
      error_description: expect.stringMatching(/no "state" parameter, and a user is signed in here/),
    };

    it('accepts a logout callback without a state from a user who signed out', async () => {
      await start();
      await signIn();
      await logout('?next=/bye');
      expect(await signedOut()).toMatchObject({ status: 200, text: '{"returnTo":"/"}' });
    });

    it('accepts a logout callback without a state from a user who never signed in, without a session', async () => {
      await start({ session: 'none' });
      expect(await signedOut()).toMatchObject({ status: 200, text: '{"returnTo":"/"}' });
    });

    it('refuses a logout callback without a state while the token store has a token of the user', async () => {
      await start();
      await signIn();
      const page = await signedOut();
      expect([page.status, page.json()]).toEqual([400, expect.objectContaining(refused)]);
    });

    it('refuses a logout callback without a state while the session has a user', async () => {
      await start({ fetchToken: undefined });
      await signIn();
      expect((await signedOut()).json()).toMatchObject(refused);
      await logout();
      expect((await signedOut()).status).toBe(200);
    });

    it('refuses a logout callback without a state while userOf returns a user, whatever the session has', async () => {
      let user: string | undefined = 'ada';
      await start({ fetchToken: undefined, userOf: () => user });
      await signIn();
      expect((await signedOut()).json()).toMatchObject(refused);
      user = undefined;
      expect((await signedOut()).status).toBe(200);
    });

    it('validateLogoutResponse() returns only the return path', async () => {
      const dev = await start();
      expect(await dev.validateLogoutResponse({ method: 'GET', query: {} }, bareResponse())).toEqual({ returnTo: '/' });
    });
  });

  it('refuses a return path to another site', async () => {
    await start();
    const { status, text } = await visitor.visit('dev/logout?next=//evil.example', { follow: false });
    expect([status, text]).toEqual([400, expect.stringContaining('invalid_return_to')]);
  });

  it('is not available for OAuth 1 clients', async () => {
    await start();
    const { status, text } = await visitor.visit('old/logout', { follow: false });
    expect([status, text]).toEqual([404, expect.stringContaining('no such provider to sign out of')]);
  });
});

describe('a backchannel logout', () => {
  const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };

  afterEach(stopAll);

  async function site(ended?: (session: EndedSession) => unknown): Promise<Outcome> {
    const idToken = {
      idToken: ({ header, claims }: { header: { alg: string }; claims: object }) => ({
        header,
        claims: { ...claims, sid: 's1' },
      }),
    };
    return run({ ...idToken, options: ended && { onBackchannelLogout: ended } });
  }

  async function token({ provider }: Outcome, change: object = {}, header: object = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: provider.url,
      aud: 'rp',
      iat: now,
      exp: now + 120,
      jti: crypto.randomUUID(),
      sub: 'ada',
      sid: 's1',
      events: EVENTS,
    };
    return sign({
      header: { alg: 'RS256', kid: 'rsa-1', typ: 'logout+jwt', ...header },
      claims: { ...claims, ...change },
    });
  }

  async function sendLogoutToken({ app }: Outcome, logoutToken: string) {
    const { status, headers, text } = await new Visitor(() => app).post(`${app.url}/auth/rp/backchannel-logout`, {
      logout_token: logoutToken,
    });
    return { status, text, caching: headers.get('cache-control') };
  }

  it('calls onBackchannelLogout', async () => {
    const ended: EndedSession[] = [];
    const outcome = await site((session) => ended.push(session));
    expect(await sendLogoutToken(outcome, await token(outcome))).toEqual({
      status: 200,
      text: '',
      caching: 'no-store',
    });
    expect(await sendLogoutToken(outcome, await token(outcome, { sid: undefined }))).toMatchObject({ status: 200 });
    expect(await sendLogoutToken(outcome, await token(outcome, { sub: undefined }, { typ: undefined }))).toMatchObject({
      status: 200,
    });
    const iss = outcome.provider.url;
    expect(ended).toEqual([
      { name: 'rp', iss, sub: 'ada', sid: 's1' },
      { name: 'rp', iss, sub: 'ada' },
      { name: 'rp', iss, sid: 's1' },
    ]);
  });

  it('accepts the logout token again after onBackchannelLogout failed', async () => {
    let fails = true;
    const outcome = await site(() => {
      if (fails) throw new OAuthError('down', { status: 503 });
    });
    const logoutToken = await token(outcome);
    expect(await sendLogoutToken(outcome, logoutToken)).toMatchObject({ status: 503 });
    fails = false;
    expect(await sendLogoutToken(outcome, logoutToken)).toMatchObject({ status: 200 });
    expect(await sendLogoutToken(outcome, logoutToken)).toMatchObject({ status: 400 });
  });

  it.each<[string, object, object, RegExp]>([
    ['of another issuer', { iss: 'https://a.test' }, {}, /was issued by \\"https:\/\/a\.test\\", expected \\"http/],
    ['for another client', { aud: 'another' }, {}, /is for \\"another\\", expected \\"rp\\"/],
    ['that is expired', { exp: 1 }, {}, /expired at 1970/],
    ['without jti', { jti: undefined }, {}, /jti/],
    ['without iat', { iat: undefined }, {}, /iat/],
    ['without exp', { exp: undefined }, {}, /exp/],
    ['with neither sub nor sid', { sub: undefined, sid: undefined }, {}, /neither sub nor sid/],
    ['with a nonce', { nonce: 'n' }, {}, /has a nonce/],
    [
      'whose event is not an object',
      { events: { 'http://schemas.openid.net/event/backchannel-logout': true } },
      {},
      /no logout/,
    ],
    ['of another token type', {}, { typ: 'at+jwt' }, /has the type \\"at\+jwt\\"/],
    ['that is not signed', {}, { alg: 'none' }, /alg/],
  ])('refuses a logout token %s', async (_, change, header, why) => {
    const outcome = await site(() => undefined);
    expect(await sendLogoutToken(outcome, await token(outcome, change, header))).toMatchObject({
      status: 400,
      text: expect.stringMatching(why),
    });
  });

  it('requires onBackchannelLogout', async () => {
    const outcome = await site();
    const { status, text } = await sendLogoutToken(outcome, await token(outcome));
    expect([status, text]).toEqual([500, expect.stringContaining('onBackchannelLogout: missing')]);
  });

  it('requires a logout token in the body of a POST', async () => {
    const { app } = await site(() => undefined);
    const { status, text } = await new Visitor(() => app).post(
      `${app.url}/auth/rp/backchannel-logout?logout_token=x`,
      {},
    );
    expect([status, text]).toEqual([400, expect.stringContaining('no \\"logout_token\\"')]);
  });

  describe('a frontchannel logout', () => {
    it('ends the session that the frontchannel logout names', async () => {
      const { app, browser: visitor, provider } = await site();
      const frame = `${app.url}/auth/rp/frontchannel-logout?${new URLSearchParams({ iss: provider.url, sid: 's1' }).toString()}`;
      expect((await visitor.get(frame)).json()).toEqual({ ended: true });
      expect((await visitor.get(frame)).json()).toMatchObject({ error: 'missing_token' });
    });

    it('does not end a session that the frontchannel logout does not name', async () => {
      const { app, browser: visitor, provider } = await site();
      for (const [query, why] of [
        [{ iss: 'https://a.test', sid: 's1' }, 'the logout is from "https://a.test"'],
        [{ iss: provider.url, sid: 's2' }, 'another session'],
        [{ iss: provider.url }, 'another session'],
        [{ sid: 's1' }, 'the logout is from nobody'],
      ] as const) {
        const { text } = await visitor.get(
          `${app.url}/auth/rp/frontchannel-logout?${new URLSearchParams(query).toString()}`,
        );
        expect(JSON.parse(text)).toMatchObject({
          error: 'invalid_request',
          error_description: expect.stringContaining(why),
        });
      }
    });
  });
});
