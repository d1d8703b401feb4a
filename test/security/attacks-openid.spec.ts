import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import type { JsonWebKey } from 'node:crypto';
import { inspect } from 'node:util';
import type { ClientRegistration, OAuth2App, OAuthError } from 'nestjs-oauth-client';
import type { EndedSession } from 'nestjs-oauth-client/stores';
import { run, stopAll, type Module, type Outcome } from '../conformance/relying-party.js';
import {
  OTHER_RS256,
  RS256,
  sign,
  startConformanceProvider,
  type UnsignedJwt,
} from '../providers/conformance-provider.js';
import { startScriptedProvider } from '../providers/scripted-provider.js';
import { Browser, type Page } from '../support/browser.js';
import { testApp } from '../support/test-app.js';

const ATTACKER = await generateKeyPair('RS256', { extractable: true });
const ATTACKERS_JWK = await exportJWK(ATTACKER.publicKey);
const LOGOUT_EVENT = { 'http://schemas.openid.net/event/backchannel-logout': {} };

describe('attacks on OpenID Connect', () => {
  const opened: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    jest.useRealTimers();
    await stopAll();
    await Promise.all(opened.splice(0).map((server) => server.close()));
  });

  async function refused(module: Module, why: RegExp): Promise<Outcome> {
    const outcome = await run(module);
    expect(outcome.body.error_description).toMatch(why);
    expect(outcome.body).not.toHaveProperty('token');
    return outcome;
  }

  describe('mix-up attack', () => {
    /** Starts an honest provider, an attacker’s provider, and an application that uses both. */
    async function twoProviders(withIss: boolean) {
      const silent = {
        metadata: (metadata: object) => ({ ...metadata, authorization_response_iss_parameter_supported: withIss }),
        authorizationResponse: ({ iss, ...response }: Record<string, string>) =>
          withIss && iss !== undefined ? { ...response, iss } : response,
      };
      const honest = await startConformanceProvider('RS256', silent);
      const evil = await startConformanceProvider('RS256', silent);
      const client = { clientId: 'rp', clientSecret: 'a secret', clientKwargs: { scope: 'openid' } };
      const app = await testApp({
        clients: { honest: { ...client, issuer: honest.url }, evil: { ...client, issuer: evil.url } },
      });
      opened.push(app, honest, evil);
      return { honest, evil, app, browser: new Browser() };
    }

    async function loginUrl(browser: Browser, url: string): Promise<URL> {
      const { headers } = await browser.get(url, { follow: false });
      return new URL(headers.get('location') ?? '');
    }

    it.each([true, false])(
      'mix-up: refuses a code of another provider and sends it to neither (iss sent: %s)',
      async (withIss) => {
        const { honest, evil, app, browser } = await twoProviders(withIss);
        // the user begins at the attacker's provider, which redirects them to the honest one with the same state
        const begun = await loginUrl(browser, `${app.url}/auth/evil/login`);
        const { searchParams } = begun;
        const toHonest = `${honest.url}/authorize${begun.search}`;
        const back = await loginUrl(browser, toHonest);
        expect(back.searchParams.get('state')).toBe(searchParams.get('state'));
        // the honest provider sends its code to its own callback
        const { status, text } = await browser.get(`${app.url}/auth/honest/callback${back.search}`);
        expect(status).toBe(400);
        expect(JSON.parse(text)).toMatchObject({ error: 'mismatching_state' });
        expect([honest.times('/token'), evil.times('/token')]).toEqual([0, 0]);
      },
    );

    it('mix-up: refuses a response whose iss names another provider', async () => {
      const { honest, evil, app, browser } = await twoProviders(true);
      const begun = await loginUrl(browser, `${app.url}/auth/evil/login`);
      const back = await loginUrl(browser, `${honest.url}/authorize${begun.search}`);
      const { text } = await browser.get(`${app.url}/auth/evil/callback${back.search}`);
      expect(JSON.parse(text)).toMatchObject({
        error: 'invalid_request',
        error_description: `the callback is from "${honest.url}", expected "${evil.url}"`,
      });
      expect(evil.times('/token')).toBe(0);
    });
  });

  it('code injection: refuses the code of one user in the login of another browser', async () => {
    const mine = await run({});
    const other = new Browser();
    await other.get(`${mine.app.url}/auth/rp/login`, { follow: false });
    const { headers } = await mine.browser.get(`${mine.app.url}/auth/rp/login`, { follow: false });
    const back = await mine.browser.get(headers.get('location') ?? '', { follow: false });
    const { status, text } = await other.get(back.headers.get('location') ?? '');
    expect([status, JSON.parse(text)]).toMatchObject([400, { error: 'mismatching_state' }]);
  });

  describe('PKCE downgrade', () => {
    it('PKCE downgrade: sends the verifier and checks the nonce although the provider ignores the challenge', async () => {
      const { provider } = await run({ settings: { codeChallengeMethod: 'S256' } });
      const [request] = provider.seen.filter(({ path }) => path === '/token');
      expect(request?.parameters.code_verifier).toMatch(/^[\w-]{43}$/);
      const stolen = ({ header, claims }: UnsignedJwt): UnsignedJwt => ({
        header,
        claims: { ...claims, nonce: 'the thief’s' },
      });
      await refused({ idToken: stolen }, /the nonce of the id_token/);
    });

    it('PKCE downgrade: ends the login when the metadata do not list S256', async () => {
      const metadata = (right: object) => ({ ...right, code_challenge_methods_supported: ['plain'] });
      const outcome = await refused(
        { metadata, settings: { codeChallengeMethod: 'S256' } },
        /no S256 among its code_challenge_methods_supported/,
      );
      expect(outcome.provider.times('/authorize')).toBe(0);
    });
  });

  it('nonce replay: refuses the id_token of an earlier login', async () => {
    let first: string | undefined;
    const replayed = { signedIdToken: (idToken: string) => (first ??= idToken) };
    const { app, browser } = await run(replayed);
    const { text } = await browser.get(`${app.url}/auth/rp/login`);
    expect(JSON.parse(text)).toMatchObject({
      error_description: 'the nonce of the id_token is not the one that this login sent',
    });
  });

  describe('a key of the attacker', () => {
    function forgedBy(header: object): Module {
      return {
        signedIdToken: (idToken) => {
          const claims = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()) as JWTPayload;
          return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', ...header }).sign(ATTACKER.privateKey);
        },
      };
    }

    it('ignores jku, x5u and jwk in the header of an id_token', async () => {
      const keys = await startScriptedProvider();
      opened.push(keys);
      keys.on('GET /jwks', () => ({ json: { keys: [{ ...ATTACKERS_JWK, kid: 'rsa-1', alg: 'RS256' }] } }));
      for (const header of [{ jku: `${keys.url}/jwks` }, { x5u: `${keys.url}/x5u` }, { jwk: ATTACKERS_JWK }]) {
        await refused(forgedBy({ kid: 'rsa-1', ...header }), /signature verification failed/);
      }
      expect(keys.requests).toEqual([]);
    });

    it.each(['../jwks', "' OR 1=1 --", '__proto__', 'rsa-1\u0000', 'x'.repeat(10_000)])(
      'kid injection: finds no key for the id_token',
      async (kid) => {
        const { body } = await refused(forgedBy({ kid }), /has no one key that fits the id_token/);
        expect(body.error_description?.length).toBeLessThan(1000);
      },
    );

    it('refuses an id_token of 100 KB', async () => {
      await refused(forgedBy({ kid: 'x'.repeat(100_000) }), /id_token: it is longer than 65536 characters/);
    });
  });

  it('memory exhaustion: refuses a JWKS of 10 MB', async () => {
    const padding = 'x'.repeat(10 * 1024 * 1024);
    const { status } = await refused({ jwks: (keys) => [...keys, { kty: 'oct', k: padding }] }, /\/jwks failed/);
    expect(status).toBe(502);
  });

  describe('attacks with logout tokens', () => {
    const ended: EndedSession[] = [];

    async function start(): Promise<Outcome> {
      ended.length = 0;
      const provider = await startConformanceProvider('RS256', {});
      const rp = { clientId: 'rp', clientSecret: 'a secret', issuer: provider.url } as ClientRegistration;
      const app = await testApp({ clients: { rp }, onBackchannelLogout: (session) => ended.push(session) });
      opened.push(app, provider);
      return { status: 0, body: {}, provider, app, browser: new Browser() };
    }

    function logoutToken(issuer: string, change: object = {}, header: object = {}): Promise<string> {
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        iss: issuer,
        aud: 'rp',
        iat: now,
        exp: now + 120,
        jti: crypto.randomUUID(),
        sub: 'ada',
        events: LOGOUT_EVENT,
      };
      return sign({
        header: { alg: 'RS256', kid: 'rsa-1', typ: 'logout+jwt', ...header },
        claims: { ...claims, ...change },
      });
    }

    function send({ browser, app }: Outcome, token: string): Promise<Page> {
      return browser.post(`${app.url}/auth/rp/backchannel-logout`, { logout_token: token });
    }

    it('refuses a logout token that was used before', async () => {
      const site = await start();
      const token = await logoutToken(site.provider.url);
      expect(await send(site, token)).toMatchObject({ status: 200 });
      const { status, text } = await send(site, token);
      expect([status, text]).toEqual([400, expect.stringContaining('logout_token was used before')]);
      expect(ended).toEqual([{ name: 'rp', iss: site.provider.url, sub: 'ada' }]);
    });

    it('refuses an id_token as a logout token', async () => {
      const site = await start();
      for (const change of [{ events: undefined, nonce: 'n' }, { events: undefined }, { nonce: 'n' }, { events: {} }]) {
        const { status, text } = await send(site, await logoutToken(site.provider.url, change, { typ: 'JWT' }));
        expect([status, text]).toEqual([400, expect.stringMatching(/logout_token/)]);
      }
      expect(ended).toEqual([]);
    });

    it('key-refetch storm: 10,000 logout tokens with unknown keys fetch the keys once a minute', async () => {
      const site = await start();
      const app = site.app.registry.get<OAuth2App>('rp');
      const silent = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined); // it would print 20,000 lines
      const request = { method: 'POST', body: {} as object };
      const token = await logoutToken(site.provider.url);
      const [, payload, signature] = token.split('.');
      const storm = async (tokens: number): Promise<void> => {
        const answers = new Set<string>();
        for (let i = 0; i < tokens; i++) {
          const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: `unknown-${i}` })).toString('base64url');
          const forged = { ...request, body: { logout_token: `${header}.${payload}.${signature}` } };
          answers.add(
            await app.backchannelLogout(forged).then(
              () => 'accepted',
              (error: unknown) => (error as OAuthError).error,
            ),
          );
        }
        expect([...answers]).toEqual(['invalid_request']);
      };
      await storm(10_000);
      expect(site.provider.times('/jwks')).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 100)); // gives connections that closed during the storm time to be noticed
      jest.useFakeTimers({
        now: Date.now() + 61_000,
        doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask'],
      });
      await storm(100);
      expect(site.provider.times('/jwks')).toBe(2);
      silent.mockRestore();
    });
  });

  it('key-refetch storm: id_tokens with unknown keys fetch the keys once a minute', async () => {
    let kid = 0;
    const unknown = ({ header, claims }: UnsignedJwt): UnsignedJwt => ({
      header: { ...header, kid: `unknown-${kid++}` },
      claims,
    });
    const { app, browser, provider } = await refused({ idToken: unknown }, /no one key/);
    for (let i = 0; i < 20; i++) await browser.get(`${app.url}/auth/rp/login`);
    expect([kid, provider.times('/jwks')]).toEqual([21, 1]);
  });

  it('token theft: a DPoP-bound token does not work with another key, or without one', async () => {
    const dpop: Module = { settings: { dpopBoundAccessTokens: true } };
    const { body, app } = await run(dpop);
    const client = app.registry.get<OAuth2App>('rp');
    const token = body.token as { accessToken: string; tokenType: string; dpopKey: JsonWebKey };
    expect((await client.get('accounts', { token })).status).toBe(200);
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const stolen = { ...token, dpopKey: await exportJWK(privateKey) };
    await expect(client.get('accounts', { token: stolen })).rejects.toMatchObject({ answer: { status: 401 } });
    const withoutKey = { ...token, dpopKey: undefined };
    await expect(client.get('accounts', { token: withoutKey })).rejects.toThrow('has no dpopKey');
  });

  it('DPoP downgrade: refuses a bearer token', async () => {
    await refused(
      { settings: { dpopBoundAccessTokens: true }, tokenAnswer: (answer) => ({ ...answer, token_type: 'Bearer' }) },
      /a type other than "DPoP"/,
    );
  });

  describe('JARM downgrade', () => {
    const JARM: Module = { settings: { authorizeParams: { response_mode: 'jwt' } } };

    it('JARM downgrade: refuses a callback that is not a signed JWT', async () => {
      const { app, browser, provider } = await run(JARM);
      const state = await stateOf(browser, `${app.url}/auth/rp/login`);
      const plain = new URLSearchParams({ code: 'stolen', state, iss: provider.url }).toString();
      const { text } = await browser.get(`${app.url}/auth/rp/callback?${plain}`);
      expect(JSON.parse(text)).toMatchObject({ error_description: expect.stringContaining('not a signed JWT') });
    });

    it('JARM downgrade: ignores a code beside the signed response', async () => {
      const { app, browser, provider } = await run(JARM);
      const { headers } = await browser.get(`${app.url}/auth/rp/login`, { follow: false });
      const back = await browser.get(headers.get('location') ?? '', { follow: false });
      await browser.get(`${back.headers.get('location')}&code=stolen&state=stolen&iss=stolen`);
      expect(provider.seen.filter(({ path }) => path === '/token').at(-1)?.parameters.code).not.toBe('stolen');
    });
  });

  it('token substitution: refuses an id_token of the token endpoint about another user than the id_token of the callback', async () => {
    let times = 0;
    const second = ({ header, claims }: UnsignedJwt): UnsignedJwt => ({
      header,
      claims: { ...claims, sub: times++ === 0 ? 'ada' : 'eve' },
    });
    await refused(
      { params: { response_type: 'code id_token' }, idToken: second },
      /^id_token is about "eve", expected "ada"$/,
    );
  });

  describe('implicit responses', () => {
    it('refuses an access token in the callback', async () => {
      const withToken = (response: Record<string, string>) => ({ ...response, access_token: 'injected' });
      await refused({ authorizationResponse: withToken }, /implicit answers are not taken/);
    });

    it('refuses an id_token in the callback that the login did not request', async () => {
      const withToken = (response: Record<string, string>) => ({ ...response, id_token: 'a.b.c' });
      await refused({ authorizationResponse: withToken }, /an id_token, which the login did not ask for/);
    });

    it.each(['token', 'id_token', 'id_token token', 'code token', 'none'])(
      'refuses a login with the response type %s',
      async (type) => {
        await refused({ params: { response_type: type } }, /expected "code", or "code id_token" by a form post/);
      },
    );

    it('refuses a hybrid response in the URL', async () => {
      await refused({ params: { response_type: 'code id_token', response_mode: 'query' } }, /by a form post alone/);
      await refused({ params: { response_mode: 'fragment' } }, /never reaches a server/);
    });

    it('refuses a hybrid response that was moved from the form to the URL', async () => {
      const { app, browser } = await run({});
      const page = await browser.get(`${app.url}/auth/rp/login?response_type=${encodeURIComponent('code id_token')}`);
      const fields = [...page.text.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]);
      const query = new URLSearchParams(fields as [string, string][]).toString();
      const { text } = await browser.get(`${app.url}/auth/rp/callback?${query}`);
      expect(JSON.parse(text)).toMatchObject({ error_description: '"code id_token" is taken by a form post alone' });
    });
  });

  it('forged logout: refuses a logout response as a login response, and a login response as a logout response', async () => {
    const metadata = (right: object) => ({ ...right, end_session_endpoint: 'http://127.0.0.1:1/end' });
    const { app, browser, provider } = await run({ metadata });
    const login = await stateOf(browser, `${app.url}/auth/rp/login`);
    const logout = await stateOf(browser, `${app.url}/auth/rp/logout`);
    const asLogout = await browser.get(`${app.url}/auth/rp/signed-out?state=${login}`);
    expect(JSON.parse(asLogout.text)).toMatchObject({
      error_description: expect.stringContaining('no pending logout'),
    });
    const answer = new URLSearchParams({ code: 'c', state: logout, iss: provider.url }).toString();
    const asLogin = await browser.get(`${app.url}/auth/rp/callback?${answer}`);
    expect(JSON.parse(asLogin.text)).toMatchObject({ error_description: expect.stringContaining('no pending login') });
  });

  it('a login that fails shows no secret in its error, at any step', async () => {
    const errors: unknown[] = [];
    const steps: Module[] = [
      { signedIdToken: () => sign({ header: { alg: 'RS256', kid: 'rsa-1' }, claims: {} }, OTHER_RS256) },
      { jwks: () => [] },
      { jwks: () => [{ ...RS256.publicJwk, kid: 'other' }] },
      { tokenAnswer: (answer) => ({ ...answer, token_type: 'mac' }) },
      { userinfo: () => ({ sub: 'eve' }), settings: { userInfoFrom: 'userinfo' } },
    ];
    for (const step of steps) errors.push((await run(step)).body);
    for (const error of errors) {
      expect(error).toHaveProperty('error');
      expect(inspect(error)).not.toMatch(/ey[\w-]{10}|[0-9a-f]{8}-[0-9a-f]{4}/);
    }
  });
});

/** Returns the state that a login or logout sends to the provider. */
async function stateOf(browser: Browser, url: string): Promise<string> {
  const { headers } = await browser.get(url, { follow: false });
  return new URL(headers.get('location') ?? '').searchParams.get('state') ?? '';
}
