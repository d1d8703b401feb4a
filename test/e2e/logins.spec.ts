import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import type { OAuth1Token, OAuth2App, OAuth2Token } from 'nestjs-oauth-client';
import { oauth1ClientOf } from '../providers/client-of.js';
import { startOAuth1Provider, type OAuth1Provider } from '../providers/oauth1-provider.js';
import { startOidcProvider, type OidcProvider } from '../providers/oidc-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

interface Result {
  token: OAuth1Token & OAuth2Token;
  returnTo: string;
  userInfo?: { sub: string };
}

const RSA = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const SIGNINGS = {
  'hmac-sha1': { signature_method: 'HMAC-SHA1' },
  'hmac-sha256': { signature_method: 'HMAC-SHA256', signature_type: 'QUERY' },
  'rsa-sha1': { signature_method: 'RSA-SHA1', rsa_key: RSA.privateKey },
  'rsa-sha256': { signature_method: 'RSA-SHA256', rsa_key: RSA.privateKey, signature_type: 'BODY' },
  plaintext: { signature_method: 'PLAINTEXT' },
  hashed: { force_include_body: true, realm: 'Chirp' },
} as const;

describe('a login', () => {
  let oauth1: OAuth1Provider;
  let oidc: OidcProvider;
  let app: TestApp;
  let visitor: Visitor;
  const refreshed: OAuth2Token[] = [];

  beforeAll(async () => {
    oauth1 = await startOAuth1Provider({
      consumers: [{ key: 'app', secret: 'app secret&', name: 'Test app', rsaPublicKey: RSA.publicKey }],
    });
    const oidcClient = {
      client_id: 'app',
      client_secret: 'app-secret',
      application_type: 'native' as const,
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['harbour', 'plain', 'posted'].map((name) => `http://127.0.0.1/auth/${name}/callback`),
    };
    oidc = await startOidcProvider({ clients: [oidcClient], accessTokenTtl: 30, requirePkce: true });
    const common = { client_id: 'app', client_secret: 'app-secret', code_challenge_method: 'S256' as const };
    const plain = {
      ...common,
      authorize_url: `${oidc.url}/auth`,
      access_token_url: `${oidc.url}/token`,
      api_base_url: `${oidc.url}/api/`,
      client_kwargs: { scope: 'profile' },
    };
    const signings = Object.entries(SIGNINGS).map(([name, client_kwargs]) => [
      name,
      oauth1ClientOf(oauth1, { clientId: 'app', clientSecret: 'app secret&', client_kwargs }),
    ]);
    app = await testApp({
      clients: {
        harbour: {
          ...common,
          server_metadata_url: `${oidc.url}/.well-known/openid-configuration`,
          api_base_url: `${oidc.url}/api/`,
          client_kwargs: { scope: 'openid profile email' },
        },
        plain,
        posted: { ...plain, authorize_params: { response_mode: 'form_post' } },
        ...Object.fromEntries(signings),
      },
      updateToken: (_name, token) => refreshed.push(token),
    });
  });

  afterAll(async () => {
    await app.close();
    await oidc.close();
    await oauth1.close();
  });

  beforeEach(() => {
    visitor = new Visitor(() => app);
  });

  describe.each(Object.keys(SIGNINGS))('with OAuth 1, signed with %s', (name) => {
    it('returns a token with which the API identifies the user', async () => {
      const page = await visitor.allow(await visitor.visit(`${name}/login?next=/timeline%3Fpage%3D2`));
      expect(page.status).toBe(200);
      const { token, returnTo } = page.json() as Result;
      expect(token.screen_name).toBe('ada');
      expect(returnTo).toBe('/timeline?page=2');
      expect((await visitor.visit(`${name}/api/me`)).json()).toMatchObject({ name: 'Ada Lovelace' });
    });

    it('signs every kind of API request correctly', async () => {
      const { token } = (await visitor.allow(await visitor.visit(`${name}/login`))).json() as Result;
      const twitter = app.registry.get(name);
      const params = { q: "it's (a) *test* + ü/☃ ~", empty: '', list: ['b', 'a b', 'a'] };
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const { data } = await twitter.request<{ method: string }>(method, 'echo?x=1&x=&x=1', { token, params });
        expect(data.method).toBe(method);
      }
      const bodies = [
        new URLSearchParams([
          ['status', 'Hello Ladies + Gentlemen, a signed OAuth request!'],
          ['x', '2'],
          ['x', ''],
          ['ü', '☃&='],
        ]),
        { json: true },
        'plain text',
        Buffer.from([0, 1, 254, 255]),
      ];
      for (const body of bodies) {
        const headers = typeof body === 'string' || Buffer.isBuffer(body) ? { 'Content-Type': 'text/x-any' } : {};
        const { status } = await twitter.post('echo', body, { token, params, headers });
        expect(status).toBe(200);
      }
    });
  });

  it('with OAuth 1 signs the request again when the API redirects it', async () => {
    const { token } = (await visitor.allow(await visitor.visit('hmac-sha1/login'))).json() as Result;
    const to = `${oauth1.url}/api/echo?moved=yes`;
    const { data } = await app.registry.get('hmac-sha1').post('redirect', new URLSearchParams({ a: 'b' }), {
      token,
      params: { to, status: 307 },
    });
    expect(data).toMatchObject({ method: 'POST', query: { moved: 'yes' } });
  });

  it('with OAuth 1 reports that the user denied access', async () => {
    const page = await visitor.deny(await visitor.visit('hmac-sha1/login'));
    expect(page.status).toBe(403);
    expect(page.json()).toMatchObject({ error: 'access_denied' });
  });

  it('with OpenID Connect returns a token and the claims of the user', async () => {
    const page = await visitor.allow(await visitor.visit('harbour/login?next=/there'), 'grace');
    const { token, returnTo, userInfo } = page.json() as Result;
    expect(token).toMatchObject({ tokenType: 'bearer', scope: 'openid profile email', idToken: expect.any(String) });
    expect(userInfo).toMatchObject({ sub: '1906', name: 'Grace Hopper' });
    expect(returnTo).toBe('/there');
    expect((await visitor.visit('harbour/api/me')).json()).toMatchObject({ name: 'Grace Hopper' });
  });

  it('with OpenID Connect reports that the user denied access', async () => {
    const page = await visitor.deny(await visitor.visit('harbour/login'));
    expect(page.status).toBe(403);
    expect(page.json()).toEqual({
      error: 'access_denied',
      error_description: 'The user said no',
      reference: expect.any(String),
    });
  });

  it('with OAuth 2 refreshes a token that is about to expire, and calls updateToken', async () => {
    const { token } = (await visitor.allow(await visitor.visit('plain/login'))).json() as Result;
    const { data } = await app.registry.get('plain').get('me', { token: expiring(token) });
    expect(data).toMatchObject({ name: 'Ada Lovelace' });
    const renewed = refreshed.at(-1)!;
    expect(renewed.accessToken).not.toBe(token.accessToken);
    expect(renewed.refreshToken).not.toBe(token.refreshToken);
  });

  it('with OAuth 2 throws token_revoked if the refresh token was used before', async () => {
    const { token } = (await visitor.allow(await visitor.visit('plain/login'))).json() as Result;
    const plain = app.registry.get('plain');
    const first = plain.get('me', { token: expiring(token) });
    await expect(first).resolves.toMatchObject({ status: 200 });
    const stolen = { ...expiring(token), accessToken: 'another' };
    await expect(plain.get('me', { token: stolen })).rejects.toMatchObject({ error: 'token_revoked', status: 401 });
  });

  it('with OAuth 2 accepts a callback in a form post', async () => {
    const posting = await visitor.allow(await visitor.visit('posted/login?next=/there'));
    const [, action = ''] = /action="([^"]+)"/.exec(posting.text) ?? [];
    const fields = [...posting.text.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
      name,
      value,
    ]);
    const page = await visitor.post(action, Object.fromEntries(fields) as Record<string, string>);
    expect(page.json()).toMatchObject({ token: { tokenType: 'bearer' }, returnTo: '/there' });
  });

  it('returns a token that can be introspected and revoked', async () => {
    const { token } = (await visitor.allow(await visitor.visit('harbour/login'))).json() as Result;
    const harbour = app.registry.get<OAuth2App>('harbour');
    expect(await harbour.introspectToken({ token })).toMatchObject({ active: true, sub: '1815' });
    await harbour.revokeToken({ token });
    expect(await harbour.introspectToken({ token })).toEqual({ active: false });
  });

  it('returns to its own returnTo when several logins are pending in one browser', async () => {
    const first = await visitor.visit('harbour/login?next=/first');
    const second = await visitor.visit('hmac-sha1/login?next=/second');
    const third = await visitor.visit('hmac-sha1/login?next=/third');
    expect(((await visitor.allow(third)).json() as Result).returnTo).toBe('/third');
    expect(((await visitor.allow(first)).json() as Result).returnTo).toBe('/first');
    expect(((await visitor.allow(second)).json() as Result).returnTo).toBe('/second');
  });
});

/** Returns the token with 30 seconds left. */
function expiring(token: OAuth2Token): OAuth2Token {
  return { ...token, expiresAt: Math.floor(Date.now() / 1000) + 30, expiresIn: 3600 };
}
