import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createHash } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Browser, type Page } from '../support/browser.js';
import { startOidcProvider, type OidcProvider } from './oidc-provider.js';
import { startScriptedProvider, type ScriptedProvider } from './scripted-provider.js';

const VERIFIER = 'a-verifier-of-43-characters-or-more-for-a-test';
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

type Fields = Record<string, string>;
type Tokens = Fields & { access_token: string; refresh_token: string; id_token: string };

describe('the OpenID Connect test provider', () => {
  let client: ScriptedProvider;
  let oidc: OidcProvider;
  let browser: Browser;

  beforeAll(async () => {
    client = await startScriptedProvider();
    client.on('GET /callback', () => ({ body: 'signed in' }));
    oidc = await startOidcProvider({
      clients: [
        {
          client_id: 'app',
          client_secret: 'secret',
          client_name: '<The app>',
          application_type: 'native',
          grant_types: ['authorization_code', 'refresh_token'],
          redirect_uris: ['http://127.0.0.1/callback'],
        },
      ],
      accessTokenTtl: 60,
      requirePkce: true,
    });
  });

  afterAll(async () => {
    await oidc.close();
    await client.close();
  });

  beforeEach(() => {
    browser = new Browser();
  });

  afterEach(() => {
    jest.restoreAllMocks();
    client.requests.length = 0;
  });

  function start(change: Fields = {}): Promise<Page> {
    const query = new URLSearchParams({
      client_id: 'app',
      response_type: 'code',
      redirect_uri: `${client.url}/callback`,
      scope: 'openid profile email',
      state: 'the state',
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      ...change,
    });
    return browser.get(`${oidc.url}/auth?${query.toString()}`);
  }

  function callbackOf({ url }: Page): Fields {
    expect(url).toContain(`${client.url}/callback?`);
    return Object.fromEntries(new URL(url).searchParams);
  }

  function ask(path: string, form: Fields): Promise<Response> {
    const authorization = `Basic ${Buffer.from('app:secret').toString('base64')}`;
    return fetch(oidc.url + path, { method: 'POST', headers: { authorization }, body: new URLSearchParams(form) });
  }

  async function tokens(form: Fields): Promise<Tokens> {
    return (await (await ask('/token', form)).json()) as Tokens;
  }

  function exchange(callback: Fields, change: Fields = {}): Promise<Tokens> {
    const redirect_uri = `${client.url}/callback`;
    const code = callback.code!;
    return tokens({ grant_type: 'authorization_code', code, redirect_uri, code_verifier: VERIFIER, ...change });
  }

  async function signIn(): Promise<Tokens> {
    return exchange(callbackOf(await browser.allow(await start())));
  }

  it('shows the escaped name of the client', async () => {
    expect((await start()).text).toContain('&#60;The app&#62;');
  });

  it('signs in with the login page, and returns the user', async () => {
    const callback = callbackOf(await browser.allow(await start({ nonce: 'the nonce' }), 'grace'));
    expect(callback).toMatchObject({ state: 'the state', iss: oidc.url });
    const { access_token, id_token } = await exchange(callback);
    const { payload } = await jwtVerify(id_token, createRemoteJWKSet(new URL(`${oidc.url}/jwks`)));
    expect(payload).toMatchObject({ iss: oidc.url, aud: 'app', nonce: 'the nonce', sub: '1906' });
    const userInfo = await fetch(`${oidc.url}/me`, { headers: { authorization: `Bearer ${access_token}` } });
    expect(await userInfo.json()).toEqual({ sub: '1906', name: 'Grace Hopper', email: 'grace@example.org' });
  });

  it('shows the login page again after a wrong password', async () => {
    const again = await browser.allow(await start(), 'nobody');
    expect([again.status, again.text]).toEqual([401, expect.stringContaining('No such user')]);
    expect(callbackOf(await browser.allow(again))).toMatchObject({ state: 'the state' });
  });

  it('responds with access_denied if the user denies access', async () => {
    const callback = callbackOf(await browser.deny(await start()));
    expect(callback).toMatchObject({ error: 'access_denied', state: 'the state' });
  });

  it('signs a user in again without the login page', async () => {
    await signIn();
    expect(callbackOf(await start())).toMatchObject({ code: expect.any(String) });
  });

  it.each(['consent', 'login'])('shows the login page once for prompt=%s', async (prompt) => {
    await signIn();
    const page = await start({ prompt, scope: 'openid offline_access' });
    expect(callbackOf(await browser.allow(page))).toMatchObject({ code: expect.any(String) });
  });

  it('sends the response as a form post', async () => {
    const { text } = await browser.allow(await start({ response_mode: 'form_post' }));
    expect(text).toContain(`action="${client.url}/callback"`);
    expect(text).toContain('name="code"');
  });

  it('refuses a login without PKCE, and a code with another verifier', async () => {
    const withoutPkce = await start({ code_challenge: '', code_challenge_method: '' });
    expect(callbackOf(withoutPkce)).toMatchObject({ error: 'invalid_request' });
    const callback = callbackOf(await browser.allow(await start()));
    expect(await exchange(callback, { code_verifier: VERIFIER.toUpperCase() })).toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('exchanges a code once', async () => {
    const callback = callbackOf(await browser.allow(await start()));
    expect(await exchange(callback)).toMatchObject({ token_type: 'Bearer', expires_in: 60 });
    expect(await exchange(callback)).toMatchObject({ error: 'invalid_grant' });
  });

  it('rotates refresh tokens', async () => {
    const { refresh_token } = await signIn();
    const refresh = { grant_type: 'refresh_token', refresh_token };
    const renewed = await tokens(refresh);
    expect(renewed.refresh_token).not.toBe(refresh_token);
    expect(await tokens(refresh)).toMatchObject({ error: 'invalid_grant' });
  });

  it('introspects a token as inactive after it is revoked, and lets the user sign in again', async () => {
    const { refresh_token: token } = await signIn();
    expect(await (await ask('/token/introspection', { token })).json()).toMatchObject({ active: true, sub: '1815' });
    expect((await ask('/token/revocation', { token })).status).toBe(200);
    expect(await (await ask('/token/introspection', { token })).json()).toEqual({ active: false });
    expect(callbackOf(await start())).toMatchObject({ code: expect.any(String) });
  });

  describe('its API', () => {
    it('accepts the token in the header, the query and a form', async () => {
      const { access_token } = await signIn();
      const url = `${oidc.url}/api/me`;
      const answers = await Promise.all([
        fetch(url, { headers: { authorization: `Bearer ${access_token}` } }),
        fetch(`${url}?access_token=${access_token}`),
        fetch(url, { method: 'POST', body: new URLSearchParams({ access_token }) }),
      ]);
      const users = await Promise.all(answers.map((answer) => answer.json()));
      expect(users).toEqual(Array(3).fill({ sub: '1815', name: 'Ada Lovelace', email: 'ada@example.org' }));
    });

    it('refuses a request without a token, with an unknown token, or with an expired token', async () => {
      const { access_token } = await signIn();
      jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000);
      for (const query of ['', '?access_token=foreign', `?access_token=${access_token}`]) {
        const answer = await fetch(`${oidc.url}/api/me${query}`);
        expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
      }
    });
  });
});
