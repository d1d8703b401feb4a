import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { createHash, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { OAuthRegistry } from 'nestjs-oauth-client';
import { DataSource } from 'typeorm';
import { createShowcase } from '../../sample/showcase/showcase.js';
import { OAuth2Token } from '../../sample/showcase/tokens/oauth2-token.entity.js';
import { listen } from '../providers/listen.js';
import { Browser, type Page } from '../support/browser.js';

describe('the showcase and its OpenID Connect provider', () => {
  const { PORT, DATABASE_URL } = process.env;
  let app: INestApplication;
  let url: string;
  /** The URL of the OpenID Connect provider. */
  let harbour: string;
  let browser: Browser;

  beforeAll(async () => {
    delete process.env.DATABASE_URL; // use the embedded database
    const { port, close } = await listen(() => undefined); // a free port
    await close();
    process.env.PORT = String(port);
    app = await createShowcase();
    await app.listen(port, '127.0.0.1');
    url = await app.getUrl();
    harbour = new URL((await new Browser().get(`${url}/auth/harbour/login`)).url).origin;
  });

  afterAll(async () => {
    await app.close();
    for (const [name, value] of Object.entries({ PORT, DATABASE_URL })) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  });

  beforeEach(() => {
    browser = new Browser();
  });

  async function signIn(as: Browser): Promise<Page> {
    return as.allow(await as.get(`${url}/auth/harbour/login`));
  }

  /** Confirms a logout on the provider's page. */
  function confirm(as: Browser, page: Page): Promise<Page> {
    const [, action = ''] = /<form method="post" action="([^"]+)"/.exec(page.text) ?? [];
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(page.text) ?? [];
    return as.post(action, { xsrf, logout: 'yes' });
  }

  describe('the logout', () => {
    it('ends only the session of the browser that signs out at the provider', async () => {
      const other = new Browser();
      for (const each of [browser, other]) expect((await signIn(each)).text).toContain('Hello, Ada Lovelace');

      const done = await confirm(browser, await browser.get(`${harbour}/session/end`));
      expect(done.text).toContain('You are signed out.');
      expect((await browser.get(url)).text).toContain('Sign in with anything');
      expect((await other.get(url)).text).toContain('Hello, Ada Lovelace');
    });

    it('ends the session of the showcase, then the session at the provider, and returns to the showcase', async () => {
      await signIn(browser);
      const page = await browser.get(`${url}/auth/logout`);
      expect((await browser.get(url)).text).toContain('Sign in with anything');
      expect(page.text).toContain('Sign out of Harbour ID?');
      const back = await confirm(browser, page);
      expect([back.status, back.url]).toEqual([200, `${url}/`]);
    });

    it('ends only the session of the showcase if the provider has no logout endpoint', async () => {
      const endpoints = { authorizeUrl: `${harbour}/auth`, accessTokenUrl: `${harbour}/token` };
      app.get(OAuthRegistry).register('plain', { clientId: 'id', ...endpoints, allowInsecureHttp: true });
      await browser.allow(await browser.get(`${url}/auth/chirp/login`));
      const page = await browser.get(`${url}/auth/plain/logout`);
      expect([page.status, page.url]).toEqual([200, `${url}/`]);
      expect(page.text).toContain('Sign in with anything');
    });

    it('refuses an invalid logout token', async () => {
      const page = await new Browser().post(`${url}/auth/harbour/backchannel-logout`, { logout_token: 'none' });
      expect(page.status).toBe(400);
    });
  });

  describe('the API, for a token that is bound to a key', () => {
    let accessToken: string;
    let key: JWK;

    beforeEach(async () => {
      await signIn(browser);
      const row = await app.get(DataSource).getRepository(OAuth2Token).findOneByOrFail({ name: 'harbour' });
      ({ accessToken } = row);
      key = row.dpopKey as JWK;
    });

    async function call(headers: Record<string, string>, query = ''): Promise<[number, string | null]> {
      const answer = await fetch(`${harbour}/api/me${query}`, { headers });
      return [answer.status, answer.headers.get('www-authenticate')];
    }

    /** Returns a valid proof with the changes of a test. */
    async function proof(
      change: Record<string, unknown> = {},
      { typ = 'dpop+jwt', signedBy = key } = {},
    ): Promise<string> {
      const { kty, crv, x, y } = key;
      const claims = {
        jti: randomUUID(),
        iat: Math.floor(Date.now() / 1000),
        htm: 'GET',
        htu: `${harbour}/api/me`,
        ath: createHash('sha256').update(accessToken).digest('base64url'),
        ...change,
      };
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ, jwk: { kty, crv, x, y } })
        .sign(await importJWK(signedBy, 'ES256'));
    }

    it('accepts the token with a valid proof', async () => {
      expect(await call({ authorization: `DPoP ${accessToken}`, dpop: await proof() })).toEqual([200, null]);
    });

    it('refuses the token as a bearer token in the header and in the query', async () => {
      const refusal = [401, 'DPoP error="invalid_token"'];
      expect(await call({ authorization: `Bearer ${accessToken}` })).toEqual(refusal);
      expect(await call({ authorization: `Bearer ${accessToken}`, dpop: await proof() })).toEqual(refusal);
      expect(await call({ dpop: await proof() }, `?access_token=${accessToken}`)).toEqual(refusal);
    });

    it.each([
      ['for another method', { htm: 'POST' }],
      ['for another URL', { htu: 'http://localhost/api/me' }],
      ['for another token', { ath: createHash('sha256').update('another').digest('base64url') }],
      ['for no token', { ath: undefined }],
      ['without an identifier', { jti: undefined }],
      ['of last year', { iat: Math.floor(Date.now() / 1000) - 31_536_000 }],
    ])('is not taken with a proof %s', async (_, change) => {
      const dpop = await proof(change);
      expect(await call({ authorization: `DPoP ${accessToken}`, dpop })).toEqual([401, 'DPoP error="invalid_token"']);
    });

    it('refuses the token without a proof, with a proof of another key, and with another kind of JWT', async () => {
      const another = await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey);
      const proofs = ['', await proof({}, { signedBy: another }), await proof({}, { typ: 'jwt' })];
      key = another;
      for (const dpop of [...proofs, await proof()]) {
        expect(await call({ authorization: `DPoP ${accessToken}`, dpop })).toEqual([401, 'DPoP error="invalid_token"']);
      }
    });
  });
});
